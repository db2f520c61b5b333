"""The short form of benchmarks/honesty.py: coverage, false alarms and power, as far as a few hundred simulated sets can tell."""

import pytest
from scipy import stats

TIMES = 150


@pytest.fixture(autouse=True)
def fewer(benchmarks, monkeypatch):
    """The truth of fewer rows: what chance is left is small beside the intervals of a thousand."""
    import honesty_models

    honesty_models.truth_of.cache_clear()
    honesty_models.raised.cache_clear()
    monkeypatch.setattr(honesty_models, "_MANY", 100_000)
    yield
    honesty_models.truth_of.cache_clear()
    honesty_models.raised.cache_clear()


def between(share, low, high):
    """Whether so many simulated sets agree with a true share from low to high: each end is missed by chance once in a thousand."""
    return stats.binom.ppf(0.001, TIMES, low) <= round(share * TIMES) <= stats.binom.ppf(0.999, TIMES, high)


@pytest.mark.parametrize("name", ["2 classes, balanced", "2 classes, 1:50", "5 classes, balanced", "5 classes, 1:50"])
def test_intervals_hold_the_true_value_in_93_to_97_of_100_cases(name):
    from honesty import SETTINGS, coverage

    found = coverage(SETTINGS[name], 200, TIMES, seed=11)
    assert found.pop("evaluated") > 0.9
    for metric, share in found.items():
        assert between(share, 0.93, 0.97), metric


def test_without_doubt_about_few_rows_areas_are_not_covered(monkeypatch):
    from honesty import SETTINGS, coverage

    monkeypatch.setattr("stages.metrics.rank.PRIOR", 1e-9)
    assert not between(coverage(SETTINGS["2 classes, 1:50"], 200, TIMES, seed=11)["auroc"], 0.93, 0.97)


@pytest.mark.parametrize(
    ("name", "metric"), [("2 classes, balanced", "accuracy"), ("5 classes, 1:50", "macro_f1"), ("2 classes, balanced", "auroc")]
)
def test_of_equal_models_5_of_100_are_called_and_of_better_ones_80(name, metric):
    from honesty import SETTINGS, called
    from honesty_models import raised

    setting = SETTINGS[name]
    equal = called(setting, setting, (metric,), 1000, TIMES, seed=11)[metric]
    assert between(equal["better"] + equal["worse"], 0, 0.05)
    better = raised(setting, metric, equal["smallest effect"])
    assert between(called(setting, better, (metric,), 1000, TIMES, seed=12)[metric]["better"], 0.8, 1)


def test_a_model_cannot_be_better_by_more_than_there_is_room_for():
    from honesty import SETTINGS
    from honesty_models import raised

    assert raised(SETTINGS["2 classes, 1:50"], "auroc", 0.5) is None


def test_an_evaluation_and_a_diff_of_many_predictions_are_timed_beside_scipy():
    from honesty_speed import speed

    found = speed(3000)
    assert list(found)[:3] == ["seconds, evaluation", "seconds, diff", "seconds, both (asked: 60)"]
    assert all(value > 0 for value in found.values())
