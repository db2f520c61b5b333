"""Rows in are rows out and rows quarantined, each by its key and not by number alone."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Pipeline, Stage, Step, Table, sift, turned_away
from pipeline.quarantine import keyed
from pipeline.tally import Tally, keys_of
from schemas import Key, Record


class Row(Record):
    id: Annotated[str, Key()]
    n: int


class Given(Stage):
    ids: tuple[str, ...]

    def run(self) -> Table[Row]:
        return Table.of(Row, pa.table({"id": list(self.ids), "n": pa.array(range(len(self.ids)), pa.int64())}))


def swapped(rows: pa.Table) -> tuple[pa.Table, list[pa.Table]]:
    """One row twice, another not at all; as many as before."""
    kept, away = sift(rows, [("is odd", "n", pc.equal(pc.bit_wise_and(rows["n"], 1), 1))])
    return pa.concat_tables([kept.slice(0, 1), kept.slice(0, kept.num_rows - 1)]), away


class SwapsInFragment(Stage):
    def map(self, rows: Table[Row]) -> Table[Row]:
        kept, away = swapped(rows.read())
        return Table.of(Row, kept, turned_away=away)


class SwapsInWhole(Stage):
    keeps_rows = True

    def run(self, rows: Table[Row]) -> Table[Row]:
        kept, away = swapped(rows.read())
        return Table.of(Row, kept, turned_away=away)


class TurnsAwayAnother(Stage):
    def map(self, rows: Table[Row]) -> Table[Row]:
        table = rows.read()
        return Table.of(Row, table.slice(1), turned_away=[turned_away(table.slice(1, 1), "is bad")])


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (SwapsInFragment(), "by their key id, 1 vanished, such as e; 1 are new, such as a"),
        (SwapsInWhole(), "by their key id, 1 vanished, such as e; 1 are new, such as a"),
        (TurnsAwayAnother(), "by their key id, 1 vanished, such as a; 1 are new, such as b"),
    ],
)
def test_a_row_that_took_the_place_of_another_is_found_although_the_numbers_agree(store, stage, told):
    built = Pipeline("p", Step("given", Given(ids=tuple("abcde"))), Step("swaps", stage, {"rows": "given"}))
    outcome = built.run(store.root).step("swaps")
    assert outcome.status == "failed"
    assert told in outcome.error


class Numbered(Stage):
    """The ids are others; a stage that says so may."""

    keeps_rows = False

    def map(self, rows: Table[Row]) -> Table[Row]:
        table = rows.read()
        return Table.of(Row, table.set_column(0, "id", pc.binary_join_element_wise(table["id"], "x", "-")))


def test_a_stage_that_makes_other_rows_says_so_and_is_believed(store):
    built = Pipeline("p", Step("given", Given(ids=("a", "b"))), Step("other", Numbered(), {"rows": "given"}))
    assert built.run(store.root).status == "done"


VALUES = st.text(max_size=3) | st.integers(-9, 9)


@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=9), data=st.data(), wide=st.booleans())
def test_a_tally_agrees_exactly_when_the_multisets_do(rows, data, wide):
    table = pa.table({"id": [row[0] for row in rows], "n": pa.array([row[1] for row in rows], pa.int64())})
    key = ("id", "n") if wide else ("id",)
    out = data.draw(st.lists(st.sampled_from(rows), max_size=9)) if rows else []
    left = pa.table({"id": [row[0] for row in out], "n": pa.array([row[1] for row in out], pa.int64())})
    tally = Tally(key)
    tally.came(table)
    tally.went(left)
    same = Counter(rows) == Counter(out) if wide else Counter(r[0] for r in rows) == Counter(r[0] for r in out)
    assert tally.agrees == same


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", ""]),
        pa.array([1, -2]),
        pa.array([0.5, 1e300]),
        pa.array([True, False]),
        pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")),
        pa.array([b"\xff", b"a"]),
    ],
)
def test_a_key_reads_the_same_in_a_table_and_in_the_quarantine(column):
    rows = pa.table({"id": column, "other": ["x", "y"]})
    for key in (("id",), ("id", "other")):
        assert keyed(turned_away(rows, "is bad"), key)["key"].to_pylist() == keys_of(rows, key)
