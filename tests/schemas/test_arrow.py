"""Arrow: rows as tables and back."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field
from visits import CHANGES, GOOD, Colour, Item, Level, Visit

from pipeline import StageError, Table, UsageError
from schemas import Record
from schemas.record import described, rules
from schemas.record.arrow import arrow_schema

SCHEMA = arrow_schema(described(Visit))


def same(one, other) -> bool:
    """Equal, where one NaN is another."""
    if isinstance(one, Record):
        return type(one) is type(other) and all(same(vars(one)[name], vars(other)[name]) for name in vars(one))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


def test_every_type_has_its_arrow_type():
    assert (
        pa.schema(
            {
                "id": pa.string(),
                "ward": pa.int64(),
                "start": pa.date32(),
                "end": pa.date32(),
                "at": pa.timestamp("us", "UTC"),
                "ratio": pa.float64(),
                "loose": pa.float64(),
                "open": pa.bool_(),
                "cost": pa.decimal256(40, 3),
                "scan": pa.binary(),
                "kind": pa.string(),
                "rank": pa.int64(),
                "colour": pa.string(),
                "level": pa.int64(),
                "name": pa.string(),
                "address": pa.struct({"zip": pa.string(), "city": pa.string()}),
                "former": pa.struct({"zip": pa.string(), "city": pa.string()}),
                "items": pa.list_(
                    pa.struct({"price": pa.decimal128(6, 2), "amount": pa.int64(), "tags": pa.list_(pa.string())})
                ),
                "grid": pa.list_(pa.list_(pa.int64())),
            }
        )
        == SCHEMA
    )
    words = Visit.columns()
    assert words["former"] == "struct<zip: string, city: string | null> | null"
    assert words["items"] == "list<struct<price: decimal128(6, 2), amount: int64, tags: list<string>>>"
    assert words["grid"] == "list<list<int64 | null>> | null"
    assert (words["cost"], words["scan"], words["colour"]) == ("decimal256(40, 3) | null", "binary", "string")


@settings(max_examples=100)
@given(changes=st.lists(CHANGES, max_size=3))
def test_rows_go_to_arrow_and_come_back_as_they_were(changes):
    rows = [Visit.model_validate(row) for row in (GOOD | change for change in changes) if Visit.refusal(row) is None]
    table = Visit.to_arrow(rows)
    assert table.schema == SCHEMA
    assert all(map(same, Visit.from_arrow(table), rows))
    assert table.num_rows == len(rows) == len(list(Visit.from_arrow(table)))
    kept, away = Visit.sift(table)
    assert away.num_rows == 0
    assert kept.equals(table) or "nan" in str(table["loose"])


@settings(max_examples=60)
@given(changes=st.lists(CHANGES, max_size=4), cut=st.integers(1, 3))
def test_a_table_comes_back_the_same_whatever_it_is_cut_into(changes, cut):
    whole = pa.Table.from_pylist([GOOD | change for change in changes], SCHEMA)
    kept, _ = Visit.sift(whole)
    parts = pa.concat_tables([whole.slice(start, cut) for start in range(0, whole.num_rows, cut)] or [whole])
    assert same([*map(dict, Visit.sift(parts)[0].to_pylist())] == kept.to_pylist(), True) or "nan" in str(whole["loose"])
    assert all(map(same, Visit.from_arrow(Visit.to_arrow(Visit.from_arrow(kept))), Visit.from_arrow(kept)))


def test_enums_and_nested_records_come_back_as_what_they_are():
    (row,) = Visit.from_arrow(Visit.to_arrow([Visit(**GOOD | {"level": Level.HIGH, "open": False, "colour": Colour.BLUE})]))
    assert (row.level, row.colour) == (Level.HIGH, Colour.BLUE)
    assert row.items == [Item(price=Decimal("1.55"), amount=3, tags=["a"])]
    assert row.at == datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_other_zones_are_converted_to_utc():
    east = timezone(timedelta(hours=3))
    row = Visit(**GOOD | {"at": datetime(2024, 2, 29, 1, tzinfo=east)})
    assert row.at.utcoffset() == timedelta(0)
    assert Visit.to_arrow([row])["at"][0].as_py() == datetime(2024, 2, 28, 22, tzinfo=UTC)


def test_a_table_with_a_row_that_is_refused_gives_no_rows_but_an_error_that_names_the_first():
    table = pa.Table.from_pylist([GOOD, GOOD | {"ward": None}], SCHEMA)
    with pytest.raises(StageError, match=r"1 of 2 rows are no Visit: ward is null: None; sift the table first"):
        next(Visit.from_arrow(table))


def test_only_rows_of_the_record_become_a_table_of_it():
    with pytest.raises(UsageError, match=r"found Item\(.*, expected a Visit"):
        Visit.to_arrow([Item(price=1, amount=3, tags=[])])
    with pytest.raises(StageError, match="column 'ward' holds what is no int64"):
        Visit.to_arrow([Visit.model_construct(**GOOD | {"ward": "x"})])


class Sized(Record):
    """A decimal as large as Arrow's largest."""

    value: Annotated[Decimal, Field(max_digits=76, decimal_places=76)]


@settings(max_examples=60)
@given(digits=st.integers(-(10**76) + 1, 10**76 - 1))
def test_the_largest_decimals_come_back(digits):
    value = Decimal(digits).scaleb(-76, __import__("decimal").Context(prec=80))
    (row,) = Sized.from_arrow(Sized.to_arrow([Sized(value=value)]))
    assert row.value == value


def test_a_table_goes_through_parquet_and_through_its_contract():
    whole = pa.Table.from_pylist([GOOD, GOOD | {"id": "y", "ward": 4, "loose": float("inf"), "cost": None}], SCHEMA)
    file = pa.BufferOutputStream()
    pq.write_table(whole, file)
    read = pq.read_table(pa.BufferReader(file.getvalue()))
    kept, away = Visit.sift(read)
    assert away.num_rows == 0
    assert kept.equals(whole)
    receipt = Visit.contract().receipt(Table.of(Visit, kept))
    assert [finding for finding in receipt.findings if not finding.passed] == []
    assert receipt.passed


def test_a_table_too_large_for_one_array_a_column_is_sifted_in_parts(monkeypatch):
    whole = pa.Table.from_pylist([GOOD | {"ward": None if n % 3 == 0 else n} for n in range(9)], SCHEMA)
    parts = pa.concat_tables([whole.slice(start, 2) for start in range(0, 9, 2)])
    expected, away = Visit.sift(parts)
    monkeypatch.setattr(rules, "_LARGE", 10)
    assert Visit.sift(parts)[0].equals(expected)
    assert Visit.sift(parts)[1].num_rows == away.num_rows == 3
