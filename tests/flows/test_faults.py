"""Faults in a file are caught, and clean rows are not: a short form of `benchmarks/data.py --only faults` and `--only rows`."""

import sys

import pytest

from .conftest import ROOT

# one column of each kind of fault: what must catch it
CAUGHT = {
    ("wrong type", "age"): "quarantined and blocked",
    ("shifted distribution", "amount"): "blocked",
    ("mojibake", "text"): "blocked",
    ("empty file", "(file)"): "refused",
    ("mixed newlines", "flag"): "no harm",
    ("ragged row", "label"): "quarantined",
    ("leaked test row", "day"): "blocked",
    ("near-duplicate", "text"): "blocked",
    ("row order", "city"): "warned",
}


@pytest.fixture(scope="module", autouse=True)
def benchmarks():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory, benchmarks):
    from data_matrix import Bench

    return Bench(tmp_path_factory.mktemp("faults"), seed=11)


@pytest.mark.parametrize(("fault", "column"), CAUGHT)
def test_a_fault_in_a_column_is_caught_by_what_is_there_for_it(bench, fault, column):
    from data_faults import FAULTS

    (chosen,) = [one for one in FAULTS if one.name == fault]
    cell = bench.cell(chosen, column)
    assert cell.how == CAUGHT[fault, column], cell
    assert cell.by


def test_there_are_twenty_five_kinds_and_a_reason_wherever_a_column_has_none():
    from data_faults import FAULTS
    from data_table import COLUMNS

    assert len(FAULTS) == len({fault.name for fault in FAULTS}) == 25
    for fault in FAULTS:
        assert {*fault.columns(), *fault.none} == {"(file)", *COLUMNS}
        assert all(fault.none.values())


def test_clean_rows_drawn_anew_alarm_nobody():
    from data_alarms import resamples

    assert list(resamples(2)) == [[], []]


def test_a_check_that_is_blind_is_told_from_one_that_sees(bench):
    from data_faults import FAULTS
    from data_values import Injected, of_rows

    (chosen,) = [one for one in FAULTS if one.name == "bad category"]
    blind = type(chosen)("nothing", lambda rows, *_: Injected(of_rows(rows).data, names=frozenset({"city"})))
    assert bench.cell(blind, "city").how == ""


def test_every_row_of_random_pipelines_is_out_or_quarantined(tmp_path):
    from data_rows import checked

    turned_away = set()
    for seed in (1, 5, 13):
        (tmp_path / str(seed)).mkdir()
        for record, wrong in checked(tmp_path / str(seed), seed):
            assert not wrong
            turned_away |= {step.name for step in record.steps if step.rows_quarantined}
    assert turned_away == {"raw", "clean", "unlike"}, "a stage that turns nothing away proves nothing"
