"""Which rung to keep: the simplest that no later one beats, and the line that says so."""

from __future__ import annotations

import numpy as np
import pytest

from stages import Compare

from .test_stage import answers, noisy, run_of


def keep(models, **config):
    fields = {"model": list(models)[-1], "baselines": (next(iter(models)),), "resamples": 1000, **config}
    return Compare(**fields).run(**run_of(models)).facts["keep"]


def few(wrong, n=40):
    """Rows of which some few are answered wrongly: too few to tell models apart."""
    return answers([i not in wrong for i in range(n)])


def test_a_net_that_is_better_is_kept_and_the_line_says_by_how_much():
    found = keep({"majority": noisy(0.3), "linear": noisy(0.6, seed=1), "net": noisy(0.9, seed=2)})
    assert (found["model"], found["other"], found["verdict"]) == ("net", "linear", "worse")
    assert found["line"].startswith("keep net: linear is worse by 28.2 points of accuracy [")
    value, low, high = (
        float(word.strip("[],")) for word in found["line"].split() if word.strip("[],").replace(".", "").isdigit()
    )
    assert 20 < low < value < high < 45


def test_a_net_that_is_worse_is_not_kept():
    found = keep({"majority": noisy(0.3), "linear": noisy(0.9), "net": noisy(0.8, seed=1)})
    assert (found["model"], found["other"], found["verdict"]) == ("linear", "net", "worse")
    assert found["line"].startswith("keep linear: net is worse by 6.5 points of accuracy [1")


def test_of_equivalent_models_the_simpler_is_kept():
    same = noisy(0.8)
    found = keep({"majority": noisy(0.3), "linear": same, "net": same})
    assert found["line"] == "keep linear: net is equivalent, +0.0 points of accuracy [+0.0, +0.0], within the margin of 0.5"


def test_a_difference_within_the_margin_keeps_the_simpler_also_where_it_is_sure():
    right = np.random.default_rng(0).random(2000) < 0.8
    more = right.copy()
    more[np.flatnonzero(~right)[:20]] = True
    assert keep({"linear": answers(right), "net": answers(more)}, margin=0.03)["model"] == "linear"
    assert keep({"linear": answers(right), "net": answers(more)}, margin=0.001)["model"] == "net"


def test_of_models_that_too_few_rows_tell_apart_the_simpler_is_kept():
    found = keep({"linear": few({1, 2, 3, 4, 5}), "net": few({6, 7, 8, 9})})
    assert (found["model"], found["verdict"]) == ("linear", "undecided")
    assert found["line"].startswith("keep linear: net is neither shown better nor worse, +2.5 points of accuracy [-")


def test_the_order_is_that_of_the_evaluation_and_not_of_names():
    same = noisy(0.8)
    assert keep({"z": same, "a": same})["model"] == "z"
    assert keep({"a": same, "z": same})["model"] == "a"


def test_a_rung_that_a_rung_above_the_next_beats_is_not_kept():
    """b does not beat a, c does: a is not kept, and b is, where c does not beat it."""
    right = np.random.default_rng(0).random(400)
    found = keep({"a": answers(right < 0.7), "b": answers(right < 0.7), "c": answers(right < 0.9)})
    assert found["model"] == "c"


def test_the_metric_that_judges_is_told_in_its_own_unit():
    models = {"linear": answers([True] * 300, sure=0.9), "net": answers([True] * 300, sure=0.6)}
    found = keep(models, metric="log_loss", margin=0.01)
    assert found["line"] == "keep linear: net is worse by 0.405 of log_loss [0.405, 0.405]"


@pytest.mark.parametrize("headline", ["linear", "net"])
def test_the_line_is_about_the_headline_or_the_best_of_the_others(headline):
    models = {"majority": noisy(0.3), "linear": noisy(0.6, seed=1), "bag": noisy(0.7, seed=5), "net": noisy(0.9, seed=2)}
    assert keep(models, model=headline)["other"] == {"linear": "linear", "net": "bag"}[headline]
