from __future__ import annotations

import math
import random
import statistics
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Table
from pipeline.digest import canonical
from pipeline.quarantine import Quarantined
from stages.profile import measure, profile


def table(*parts: pa.Table) -> Table:
    return Table(Quarantined, parts)  # a profile asks nothing of the Record


def of(values, type_=None) -> dict:
    return profile(table(pa.table({"x": pa.array(values, type_)})))["columns"][0]


def test_numbers_are_summed_up_exactly():
    found = of([3, 1, None, 2, 2, 10])
    assert (found["rows"], found["nulls"], found["distinct"]) == (6, 1, {"count": 4, "exact": True})
    numbers = found["numbers"]
    assert (numbers["min"], numbers["max"], numbers["mean"]) == (1, 10, 3.6)
    assert numbers["sd"] == pytest.approx(statistics.stdev([3, 1, 2, 2, 10]))
    assert numbers["quantiles"]["0.5"] == 2
    assert found["top"] == {
        "of": 5, "sampled": False, "others": 0,
        "values": [{"value": "2", "count": 2}, {"value": "1", "count": 1}, {"value": "10", "count": 1}, {"value": "3", "count": 1}],
    }  # fmt: skip
    assert found["examples"] == ["3", "1", "2", "10"]


def test_text_has_its_values_lengths_and_blanks():
    found = of(["a", "bb", "", "  ", "bb", None, "é€"])
    assert (found["blank"], found["nulls"], found["distinct"]["count"]) == (2, 1, 5)
    assert (found["lengths"]["min"], found["lengths"]["max"]) == (0, 2)  # characters, not bytes
    assert found["top"]["values"][0] == {"value": "bb", "count": 2}


@pytest.mark.parametrize(
    ("values", "type_", "kind"),
    [
        ([True, False, None], pa.bool_(), "flag"),
        ([date(2024, 2, 29), None], pa.date32(), "time"),
        ([date(2024, 2, 29)], pa.date64(), "time"),
        ([datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)], pa.timestamp("us", "UTC"), "time"),
        ([datetime(2024, 1, 1)], pa.timestamp("ns"), "time"),
        ([Decimal("1.10"), Decimal("2.20"), None], pa.decimal128(10, 2), "number"),
        ([2**63 - 1, -(2**63)], pa.int64(), "number"),
        ([2**64 - 1, 0], pa.uint64(), "number"),
        ([1e308, -1e308, 5e-324], pa.float64(), "number"),
        ([math.nan, math.inf, -math.inf, 1.0, None], pa.float64(), "number"),
        ([math.nan], pa.float64(), "number"),
        ([1e18, 1e18 + 256], pa.float64(), "number"),
        ([0.1, 0.1], pa.float32(), "number"),
        ([3, 4], pa.duration("s"), "number"),
        ([3, 4], pa.time64("us"), "number"),
        ([b"\x00\xff", b"", None], pa.binary(), "bytes"),
        ([b"ab"], pa.binary(2), "bytes"),
        (["a", None, "b"], pa.dictionary(pa.int32(), pa.string()), "text"),
        (["a", "b"], pa.large_string(), "text"),
        (["a", "b"], pa.string_view(), "text"),
        ([[1, 2], [], None], pa.list_(pa.int64()), "list"),
        ([{"a": 1}, None], pa.struct({"a": pa.int64()}), "other"),
        ([None, None], pa.null(), "other"),
        ([None, None], pa.string(), "text"),
        ([None, None], pa.float64(), "number"),
    ],
    ids=str,
)
def test_every_type_of_column_has_a_profile_that_is_json(values, type_, kind):
    found = profile(table(pa.table({"x": pa.array(values, type_), "y": pa.array(range(len(values)))})))
    column = found["columns"][0]
    assert (column["kind"], column["rows"], column["nulls"]) == (kind, len(values), sum(v is None for v in values))
    assert canonical(found)
    if kind not in ("list", "other"):
        assert column["distinct"]["count"] == len({str(v) for v in values if v is not None})


def test_extremes_that_a_double_would_round_are_exact():
    assert of([2**63 - 1, 5])["numbers"]["max"] == 2**63 - 1


def test_what_is_not_finite_is_counted_apart():
    numbers = of([math.nan, math.inf, 1.0, 3.0])["numbers"]
    assert (numbers["not_finite"], numbers["count"], numbers["mean"], numbers["max"]) == (2, 2, 2, 3)


def test_times_are_told_as_times_and_their_spread_in_days():
    numbers = of([datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)], pa.timestamp("us", "UTC"))["numbers"]
    assert (numbers["min"], numbers["mean"]) == ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")
    assert numbers["sd"] == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize(
    "rows", [pa.table({"x": pa.array([], pa.int64())}), pa.table({}), pa.table({"label": pa.array([], pa.string())})]
)
def test_a_table_without_rows_has_a_profile(rows):
    found = profile(table(rows))
    assert found["rows"] == 0
    assert canonical(found)


def test_a_table_without_fragments_has_a_profile():
    assert profile(table())["columns"] == []


values = st.one_of(st.none(), st.integers(-50, 50))
texts = st.one_of(st.none(), st.text(max_size=5))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(values, texts), min_size=1, max_size=80), st.lists(st.integers(0, 80), max_size=4))
def test_where_a_table_is_cut_makes_no_difference(rows, cuts):
    whole = pa.table({"x": pa.array([x for x, _ in rows], pa.int64()), "label": pa.array([t for _, t in rows], pa.string())})
    marks = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    parts = [whole.slice(low, high - low) for low, high in pairwise(marks)]
    one, other = profile(table(whole)), profile(table(*parts))
    for found in (one, other):
        for name in ("mean", "sd"):
            for column in found["columns"]:
                for numbers in (column.get("numbers"), column.get("lengths")):
                    if numbers and numbers.get(name) is not None:
                        numbers[name] = round(numbers[name], 9)
    assert one == other


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=1, max_size=60))
def test_every_finite_number_is_in_the_histogram_or_beside_it(numbers):
    found = of(numbers, pa.float64())["numbers"]
    finite = [v for v in numbers if math.isfinite(v)]
    assert (found["count"], found["not_finite"]) == (len(finite), len(numbers) - len(finite))
    histogram = found.get("histogram")
    if histogram:
        assert sum(histogram["counts"]) + histogram["below"] + histogram["above"] == len(finite)
        assert all(low < high for low, high in pairwise(histogram["edges"]))
        assert len(histogram["counts"]) <= 100
    if finite:
        assert all(v in finite for v in found["quantiles"].values())


def test_a_few_far_values_do_not_flatten_the_histogram():
    histogram = of([*range(1000), 10**9])["numbers"]["histogram"]
    assert histogram["above"] >= 1
    assert max(histogram["counts"]) < 100


class TestSampled:
    """Above the bound, a seeded sample stands for the rows, and the profile says so."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch):
        monkeypatch.setattr(measure, "_ROWS", 1_000)

    def rows(self, count=20_000):
        draw = random.Random(3)
        return pa.table(
            {"x": [draw.gauss(0, 1) for _ in range(count)], "t": [f"v{draw.randrange(3000)}" for _ in range(count)]}
        )

    def test_it_says_so_and_counts_are_still_of_all_rows(self):
        rows = self.rows()
        found = profile(table(rows))
        assert found["sample"] == {"rows": 1_000, "seed": 20_261_125}
        x, t = found["columns"]
        assert x["numbers"]["count"] == 20_000
        assert x["numbers"]["min"] == min(rows["x"].to_pylist())
        assert x["numbers"]["quantiles"]["0.5"] == pytest.approx(0, abs=0.15)
        assert sum(x["numbers"]["histogram"]["counts"]) <= 1_000
        assert t["top"]["sampled"]
        assert t["distinct"] == {"count": len(set(rows["t"].to_pylist())), "exact": True}

    def test_the_sample_is_the_same_however_the_table_is_cut(self):
        rows = self.rows()
        one, other = profile(table(rows)), profile(table(rows.slice(0, 777), rows.slice(777, 9_000), rows.slice(9_777)))
        assert one["columns"][0]["numbers"]["quantiles"] == other["columns"][0]["numbers"]["quantiles"]
        assert one["columns"][1]["top"] == other["columns"][1]["top"]

    def test_rows_from_everywhere_have_the_same_chance(self):
        kept = measure.Sample(1_000)
        for start in range(0, 20_000, 500):
            draws = kept.choose(500)
            chosen = ~np.isnan(draws)
            kept.add(draws[chosen], pa.table({"x": np.arange(start, start + 500)[chosen]}))
        taken = np.asarray(kept.rows()["x"])
        assert len(taken) == len(set(taken)) == 1_000
        assert (np.diff(taken) > 0).all()
        quarters = np.histogram(taken, [0, 5_000, 10_000, 15_000, 20_000])[0]
        assert all(180 < count < 320 for count in quarters)  # 250, give or take 5 standard errors


@pytest.mark.parametrize("kinds", [70_000, 300_000])
def test_many_different_values_are_estimated_with_the_error_that_is_stated(kinds):
    found = profile(table(*(pa.table({"x": np.arange(start, start + 50_000) % kinds}) for start in range(0, 400_000, 50_000))))
    distinct = found["columns"][0]["distinct"]
    assert not distinct["exact"]
    assert abs(distinct["count"] / kinds - 1) < 4 * distinct["error"]


def test_labels_are_counted_by_split():
    rows = pa.table({"label": ["a", "b", "a", None], "split": ["train", "train", "test", "test"]})
    assert profile(table(rows))["label"] == {
        "column": "label", "by": "split", "labels": 3,
        "counts": [
            {"label": "a", "split": "test", "count": 1}, {"label": "a", "split": "train", "count": 1},
            {"label": "b", "split": "train", "count": 1}, {"label": None, "split": "test", "count": 1},
        ],
    }  # fmt: skip


def test_a_label_that_is_a_measurement_has_no_balance():
    assert profile(table(pa.table({"label": [f"{i}" for i in range(6_000)]})))["label"] is None


def test_a_column_called_label_may_be_a_list():
    assert profile(table(pa.table({"label": [[1], [2]]})))["label"] is None


def test_of_very_many_columns_the_first_thousand_are_described():
    found = profile(table(pa.table({f"c{i}": [i] for i in range(1_203)})))
    assert (len(found["columns"]), found["columns_left_out"]) == (1_000, 203)


def test_long_values_are_quoted_by_their_beginning():
    found = of(["x" * 10_000, "y"])
    assert all(len(text) <= 201 for text in found["examples"])
    assert found["lengths"]["max"] == 10_000
    assert len(canonical(found)) < 3_000
