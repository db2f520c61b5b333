"""Calibration: errors of known size, and a temperature that is known."""

import json

import numpy as np
import pytest

from stages.evaluate.calibration import binned_error, calibration, fit_temperature, smooth_error, warmed


def drawn(n=4000, classes=4, spread=2.0, seed=0):
    """Truth that follows the probabilities to the letter."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(n, classes)) * spread
    outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (outputs.cumsum(axis=1) > draw.random((n, 1))).argmax(axis=1), outputs


def by_hand(confidence, right, width, grid=4000):
    """The integral as the paper writes it, the kernel reflected six times."""
    at = (np.arange(grid) + 0.5) / grid
    total = np.zeros(grid)
    for turn in range(-3, 4):
        for image in (confidence + 2 * turn, -confidence + 2 * turn):
            kernel = np.exp(-(((at[:, None] - image) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))
            total += kernel @ (right - confidence) / len(right)
    return np.abs(total).mean()


def test_a_model_that_is_always_too_sure_by_as_much_has_that_error():
    confidence, right = np.full(1000, 0.8), np.arange(1000) < 600
    assert smooth_error(confidence, right) == pytest.approx(0.2, abs=1e-6)
    assert binned_error(confidence, right) == pytest.approx(0.2)


def test_the_smooth_error_is_the_fixed_point_of_the_integral():
    draw = np.random.default_rng(3)
    confidence = draw.beta(2, 1, 300)
    right = draw.random(300) < 0.5 + 0.4 * np.sin(12 * confidence)  # too sure here and not enough there
    found = smooth_error(confidence, right)
    assert by_hand(confidence, right, found) == pytest.approx(found, abs=2e-4)


def test_the_smooth_error_is_continuous_where_the_binned_one_jumps():
    right = np.arange(1000) % 2 == 0
    edge = np.where(right, 0.6 - 1e-6, 0.6 + 1e-6)  # right ones and wrong ones on either side of a bin's edge
    same = np.full(1000, 0.6)
    assert abs(binned_error(edge, right) - binned_error(same, right)) > 0.3
    assert smooth_error(edge, right) == pytest.approx(smooth_error(same, right), abs=1e-3)


def test_probabilities_that_are_true_are_calibrated():
    truth, outputs = drawn()
    found = calibration(truth, outputs, np.arange(len(truth)), None)
    assert found["ece"] < 0.02
    assert found["smooth_ece"] < 0.02
    assert sum(point["n"] for point in found["points"]) == len(truth)
    assert sum(p["accuracy_low"] <= p["confidence"] <= p["accuracy_high"] for p in found["points"]) >= len(found["points"]) - 2
    json.dumps(found)


def test_the_temperature_of_overconfident_outputs_is_found_on_validation_alone():
    truth, outputs = drawn()
    cold = warmed(outputs, 0.5)
    valid = drawn(seed=1)
    found = calibration(truth, cold, np.arange(len(truth)), (valid[0], warmed(valid[1], 0.5)))
    assert found["temperature"]["value"] == pytest.approx(2, rel=0.06)
    assert found["temperature"]["n"] == len(valid[0])
    for error in ("ece", "smooth_ece", "brier", "log_loss"):
        assert found["temperature"][error] < found[error]
    other = calibration(truth[::-1], cold, np.arange(len(truth)), (valid[0], warmed(valid[1], 0.5)))
    assert other["temperature"]["value"] == found["temperature"]["value"]  # test labels have no part in it


def test_a_temperature_that_cannot_be_fitted_says_why():
    truth, outputs = drawn(n=60)
    few = calibration(truth, outputs, np.arange(60), (truth[:9], outputs[:9]))["temperature"]
    assert few == {"status": "not evaluated", "reason": "9 validation rows, expected at least 30"}
    right = outputs.argmax(axis=1)  # no row is wrong: the loss falls for ever
    always = calibration(truth, outputs, np.arange(60), (right, outputs))["temperature"]
    assert always == {
        "status": "not evaluated",
        "reason": "no temperature from 0.05 to 20 has the lowest loss on validation",
    }


def test_zeros_stay_zeros_and_a_class_that_was_given_none_hurts_nobody():
    truth, outputs = drawn()
    wider = np.hstack([outputs, np.zeros((len(outputs), 1))])
    assert warmed(wider, 3)[:, -1].sum() == 0
    truth[:5] = 4
    assert fit_temperature(truth, wider) == pytest.approx(1, rel=0.05)
