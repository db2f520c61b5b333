"""Selective prediction: areas that are known, and promises that are kept."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stages.evaluate.selective import fit_threshold, selective


def two(confidence, right):
    """Outputs over two classes with this confidence, and the truth; the first class is always chosen."""
    return np.where(right, 0, 1), np.stack([confidence, 1 - confidence], axis=1)


def test_areas_worked_out_by_hand():
    truth, outputs = two(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False]))
    found = selective(truth, outputs, np.arange(4), None)
    assert found["curve"] == [
        {"coverage": 0.25, "risk": 0.0},
        {"coverage": 0.5, "risk": 0.5},
        {"coverage": 0.75, "risk": pytest.approx(1 / 3)},
        {"coverage": 1.0, "risk": 0.5},
    ]
    assert found["aurc"] == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found["augrc"] == pytest.approx((0.5 * 0 + 0.5 * 0.25 + 0.25 + 0.5 * 0.25 + 0.25 - 0.125) / 4, abs=0.04)


@pytest.mark.parametrize("digits", [1, 6])  # many ties, and none
def test_augrc_is_what_its_authors_say_of_auroc_and_accuracy(digits):
    draw = np.random.default_rng(0)
    confidence = np.round(draw.uniform(0.5, 1, 3000), digits)
    right = draw.random(3000) < confidence
    found = selective(*two(confidence, right), np.arange(3000), None)
    accuracy, auroc = right.mean(), roc_auc_score(right, confidence)
    assert found["augrc"] == pytest.approx((1 - auroc) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2)
    assert len(found["curve"]) == 100
    assert found["curve"][-1] == {"coverage": 1.0, "risk": pytest.approx(1 - accuracy)}


def test_a_promise_on_validation_is_kept():
    draw, kept, made = np.random.default_rng(1), 0, 0
    for _ in range(200):
        confidence = draw.uniform(0.5, 1, 1500)
        threshold, _ = fit_threshold(0.1, confidence, draw.random(1500) < confidence, np.arange(1500))
        made += threshold is not None
        kept += threshold is not None and (1 - threshold) / 2 <= 0.1  # the risk above t is the mean of 1 - c
    assert made > 150
    assert kept / made >= 0.95


def test_thresholds_come_with_what_they_do_on_test():
    draw = np.random.default_rng(2)
    sides = []
    for n in (4000, 3000):
        confidence = draw.uniform(0.5, 1, n)
        sides.append((*two(confidence, draw.random(n) < confidence), np.arange(n)))
    found = selective(*sides[0], sides[1])["thresholds"]
    assert [one["status"] for one in found] == ["not evaluated", "not evaluated", "ok", "ok"]
    assert found[0]["reason"].startswith("3,000 validation rows promise no risk of 0.01: with 95% confidence the least is ")
    ten = found[3]
    assert ten["realised"]["n"] == pytest.approx(ten["coverage"]["value"] * 4000)
    assert ten["realised"]["low"] <= 0.1
    assert ten["coverage"]["value"] > found[2]["coverage"]["value"]
    json.dumps(found)


def test_rows_in_groups_promise_less():
    draw = np.random.default_rng(3)
    confidence = np.repeat(draw.uniform(0.5, 1, 150), 10)
    right = np.repeat(draw.random(150), 10) < confidence
    alone = fit_threshold(0.1, confidence, right, np.arange(1500))
    grouped = fit_threshold(0.1, confidence, right, np.repeat(np.arange(150), 10))
    assert alone[0] is not None
    assert grouped[0] is None or grouped[0] > alone[0]


def test_without_validation_rows_nothing_is_promised():
    truth, outputs = two(np.array([0.9, 0.8]), np.array([True, True]))
    found = selective(truth, outputs, np.arange(2), None)
    assert {one["reason"] for one in found["thresholds"]} == {"there are no validation rows"}
    empty = (truth[:0], outputs[:0], np.zeros(0, int))
    assert {one["status"] for one in selective(truth, outputs, np.arange(2), empty)["thresholds"]} == {"not evaluated"}


def test_so_many_rows_without_an_error_promise_so_much():
    confidence = np.linspace(0.5, 1, 300)
    assert fit_threshold(0.02, confidence, np.ones(300, bool), np.arange(300)) == (0.5, pytest.approx(1 - 0.0025 ** (1 / 300)))
    assert fit_threshold(0.01, confidence, np.ones(300, bool), np.arange(300))[0] is None
