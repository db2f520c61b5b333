"""Row rules: whole columns at a time, they say what pydantic says row by row."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline import StageError
from schemas import Record
from schemas.record import described
from schemas.arrow import arrow_schema

SCHEMA = {
    "id": pa.string(),
    "text": pa.string(),
    "count": pa.int64(),
    "score": pa.float64(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("us", "UTC"),
    "kind": pa.string(),
    "level": pa.int64(),
    "tokens": pa.list_(pa.int64()),
    "names": pa.list_(pa.string()),
    "note": pa.string(),
}
TEXTS = st.none() | st.text(max_size=8) | st.text("abZ1\n", max_size=6)
INTEGERS = st.none() | st.integers(-1, 12) | st.integers(-(2**63), 2**63 - 1)
DAY, MOMENT = date(2020, 1, 1), datetime(2030, 1, 1, tzinfo=UTC)
VALUES = {
    "id": TEXTS,
    "text": TEXTS,
    "count": INTEGERS,
    "score": st.none() | st.floats() | st.sampled_from([0.0, -0.0, 1.0, 5e-324, float("nan"), float("inf")]),
    "flag": st.none() | st.booleans(),
    "day": st.none() | st.dates() | st.integers(-1, 1).map(lambda days: DAY + timedelta(days)),
    "moment": st.none()
    | st.datetimes(timezones=st.just(UTC))
    | st.integers(-1, 1).map(lambda micros: MOMENT + timedelta(microseconds=micros)),
    "kind": st.none() | st.sampled_from(["a", "b", "c", "A", ""]),
    "level": st.none() | st.integers(0, 3),
    "tokens": st.none() | st.lists(st.none() | st.integers(0, 9), max_size=4),
    "names": st.none() | st.lists(st.none() | st.text(max_size=2), max_size=3),
    "note": TEXTS,
}


def accepted(record, row):
    try:
        record.model_validate(row)
    except ValidationError:
        return False
    return True


def test_the_arrow_schema_has_a_field_a_column(everything):
    assert arrow_schema(described(everything)) == pa.schema(list(SCHEMA.items()))


@settings(max_examples=600, deadline=None)
@given(changes=st.sampled_from(sorted(VALUES)).flatmap(lambda name: VALUES[name].map(lambda value: {name: value})))
def test_a_row_is_refused_by_the_rules_exactly_when_pydantic_refuses_it(everything, good, table, changes):
    row = good(**changes)
    kept, away = everything.sift(table(row))
    assert (kept.num_rows, away.num_rows) == ((1, 0) if accepted(everything, row) else (0, 1))


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({}, optional=VALUES), max_size=12), cuts=st.integers(1, 4))
def test_sift_keeps_order_and_every_row_is_accepted_or_rejected(everything, good, table, rows, cuts):
    rows = [good(**{**row, "id": str(position)}) for position, row in enumerate(rows)]
    whole = table(*rows)
    chunked = pa.concat_tables([whole.slice(start, cuts) for start in range(0, len(rows), cuts)] or [whole])
    kept, away = everything.sift(chunked)
    assert kept["id"].to_pylist() == [row["id"] for row in rows if accepted(everything, row)]
    assert kept.num_rows + away.num_rows == len(rows)
    assert kept.schema == whole.schema


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"text": None}, "is null"),
        ({"text": "a"}, "is shorter than 2"),
        ({"text": "abcdef"}, "is longer than 5"),
        ({"text": "ABC"}, "does not match [a-z]"),
        ({"count": 0}, "is not ge 1"),
        ({"count": 10}, "is not lt 10"),
        ({"score": 0.0}, "is not gt 0"),
        ({"score": 1.5}, "is not le 1"),
        ({"kind": "c"}, "is none of ['a', 'b']"),
        ({"level": 3}, "is none of [1, 2]"),
        ({"tokens": []}, "is shorter than 1"),
        ({"tokens": [1, 2, 3, 4]}, "is longer than 3"),
        ({"note": ""}, "is shorter than 1"),
    ],
)
def test_a_rejected_row_says_its_rule_its_column_its_value_and_itself(everything, good, table, changes, rule):
    ((column, value),) = changes.items()
    kept, away = everything.sift(table(good(), good(**changes), good()))
    assert kept.num_rows == 2
    (found,) = away.to_pylist()
    assert (found["rule"], found["column"]) == (rule, column)
    assert found["value"] == (value if isinstance(value, str) else repr(value))
    assert '"id":"x"' in found["row"]


def test_a_row_that_breaks_two_rules_is_turned_away_once(everything, good, table):
    _, away = everything.sift(table(good(text=None, count=0, kind="c")))
    assert away["rule"].to_pylist() == ["is null"]


def test_a_missing_column_is_a_stage_error_that_names_it_and_what_was_found(everything, good, table):
    rows = table(good()).drop_columns(["text", "kind"])
    with pytest.raises(StageError, match=r"rows of Everything lack the columns \['text', 'kind'\]; found \['id', 'count'"):
        everything.sift(rows)


def test_a_column_of_another_type_is_a_stage_error_that_names_found_and_expected(everything, good, table):
    rows = table(good())
    place = rows.schema.get_field_index("count")
    with pytest.raises(StageError, match=r"Everything\.count: found list<item: int64>, expected int64"):
        everything.sift(rows.set_column(place, "count", pa.array([[1]])))


def test_columns_are_cast_put_in_order_and_the_others_dropped(everything, good, table):
    rows = table(good()).select(list(reversed(SCHEMA))).append_column("more", pa.array([1]))
    place = rows.schema.get_field_index("count")
    kept, _ = everything.sift(rows.set_column(place, "count", pa.array(["3"])))
    assert kept.equals(table(good()))


class Measured(Record):
    """What a CSV file gives as text."""

    id: str
    count: int
    score: float | None
    day: date | None


def text(*rows: tuple[str, str, str, str]) -> pa.Table:
    return pa.table({name: list(column) for name, column in zip(Measured.columns(), zip(*rows, strict=True), strict=True)})


def test_a_value_that_does_not_read_as_its_type_turns_its_row_away_and_no_other():
    kept, away = Measured.sift(
        text(
            ("a", "1", "0.5", "2024-02-29"),
            ("b", "12a", "0.5", "2024-02-29"),
            ("c", " 3 ", "", "  "),
            ("d", "4", "much", "2024-02-30"),
            ("e", "", "nan", ""),
            ("f", "99999999999999999999", "1", ""),
        )
    )
    assert kept.select(["id", "count", "score", "day"]).to_pylist() == [
        {"id": "a", "count": 1, "score": 0.5, "day": date(2024, 2, 29)},
        {"id": "c", "count": 3, "score": None, "day": None},
    ]
    assert [(row["rule"], row["column"], row["value"]) for row in away.to_pylist()] == [
        ("does not read as int64", "count", "12a"),
        ("does not read as int64", "count", "99999999999999999999"),
        ("does not read as double", "score", "much"),
        ("is null", "count", "None"),
    ]
    assert '"count":"12a"' in away["row"][0].as_py()


def test_a_measurement_may_be_nan_or_infinite_unless_a_bound_turns_it_away():
    for value in ("nan", "inf", "-inf"):
        kept, _ = Measured.sift(text(("a", "1", value, "")))
        assert kept.num_rows == accepted(Measured, {"id": "a", "count": 1, "score": float(value), "day": None}) == 1


def test_blank_text_stays_text_where_the_column_is_text():
    kept, away = Measured.sift(text((" ", "1", "", "")))
    assert (kept["id"].to_pylist(), away.num_rows) == ([" "], 0)


@settings(max_examples=200, deadline=None)
@given(count=st.text("-+ 0123456789.eabn", max_size=6) | st.integers().map(str))
def test_an_integer_written_as_text_is_read_or_turned_away(count):
    kept, away = Measured.sift(text(("a", count, "", "")))
    assert kept.num_rows + away.num_rows == 1
    if kept.num_rows:
        assert kept["count"][0].as_py() == Decimal(count.strip())


def test_no_rows_are_sifted_into_no_rows(everything, table):
    kept, away = everything.sift(table())
    assert kept.num_rows == away.num_rows == 0
    assert away.column_names == ["rule", "column", "value", "source", "line", "key", "row"]
