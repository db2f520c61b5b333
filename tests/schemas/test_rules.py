"""Row rules: whole columns at a time, they say what pydantic says row by row."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

from pipeline import StageError
from schemas import Record
from schemas.record import casting, described
from schemas.record.arrow import arrow_schema

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


def test_the_grammar_of_text_is_as_the_reader_says():
    class Written(Record):
        number: int | None
        ratio: float | None
        open: bool | None
        day: date | None
        at: datetime | None
        price: Annotated[Decimal, Field(max_digits=6, decimal_places=2)] | None
        scan: bytes | None

    names = list(Written.columns())
    read = {
        "number": ["3", "-3", "+3", "007", "3.0", " 3\t", "9223372036854775807", "+0009223372036854775807"],
        "ratio": ["3", "+3.5", ".5", "1e3", "nan", "Infinity", "-inf"],
        "open": ["1", "0", "TRUE", "f", "Yes", "n", "on", "OFF"],
        "day": ["2024-02-29", " 2000-02-29 "],
        "at": ["2024-02-29T12:00:00Z", "2024-02-29 12:00+01:00", "2024-02-29T12Z", "2024-02-29T12:00:00.123456-0130"],
        "price": ["3", "+3.5", "0003.50", "3.5000", "1234.56", "-.5", "1e3"],
        "scan": ["/wA=", "", "-_8="],
    }
    unread = {
        "number": ["1e3", "0x10", "0X1f", "1_000", "1,000", "3.5", "3.", "x", "-", "\u0663", "9223372036854775808", "9" * 50],
        "ratio": ["1,5", "1_0", "0x10", "e3", "infinite", ".", "1.5.5"],
        "open": ["2", "maybe", "-1", "yes!"],
        "day": ["2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-1-1", "29.02.2024", "20240229", "2024-02-29T00:00", "0000-01-01"],
        "at": ["2024-02-29T12:00:00", "2024-02-29", "2024-02-30T12:00Z", "2024-02-29T25:00Z", "2024-02-29T12:00:00.1234567Z", "2024-02-29T12:00:60Z"],
        "price": ["3.555", "12345", "nan", "1,5", "1e9", "12 3"],
        "scan": ["/wA", "\u00e9\u00e9", "a b c d"],
    }  # fmt: skip

    def sifted(name: str, *written: str) -> tuple[list[Any], list[str]]:
        rows = pa.table({other: pa.array(written if other == name else [None] * len(written), pa.string()) for other in names})
        kept, away = Written.sift(rows)
        return kept[name].to_pylist(), away["value"].to_pylist()

    for name in names:
        alone = [sifted(name, written) for written in read[name]]
        assert all(away == [] and made[0] is not None for made, away in alone), name
        assert all(sifted(name, written) == ([], [written]) for written in unread[name]), name
        together = sifted(name, *read[name], *unread[name])
        assert str(together) == str(([made[0] for made, _ in alone], unread[name])), name


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("count", "12a"), ("count", "1,5"), ("count", "0x1"), ("count", "99999999999999999999"), ("count", "1.5"), ("score", "1,5"),
        ("day", "2024-02-30"),
        ("day", "2023-02-29"), ("day", "soon"), ("day", "2024-02-29T00:00"),
    ],
)  # fmt: skip
def test_values_of_a_wrong_shape_are_told_apart_without_trying_them_one_by_one(monkeypatch, column, wrong):
    def tried(*_):
        raise AssertionError("a look at single values")

    monkeypatch.setattr(casting, "failing", tried)
    good = {"id": "a", "count": "1", "score": "0.5", "day": "2024-02-29"}
    rows = text(*(tuple((good | {column: wrong} if n % 3 == 0 else good).values()) for n in range(300)))
    kept, away = Measured.sift(rows)
    assert (kept.num_rows, away.num_rows) == (200, 100)


def test_a_column_of_naive_moments_is_turned_away_row_by_row():
    class Timed(Record):
        at: datetime

    noon = datetime(2024, 2, 29, 12)
    kept, away = Timed.sift(pa.table({"at": [noon, None]}))
    assert kept.num_rows == 0
    assert away["rule"].to_pylist() == ["does not read as timestamp[us, tz=UTC]", "is null"]
    assert Timed.refusal({"at": noon}).rule == "does not read as timestamp[us, tz=UTC]"


def test_what_json_has_no_word_for_is_readable_in_the_quarantine():
    class Measure(Record):
        scan: bytes
        cost: Annotated[Decimal, Field(max_digits=6, decimal_places=2)]
        ratio: float
        count: Annotated[int, Field(ge=0)]

    rows = pa.table({"scan": [b"\xff"], "cost": [Decimal("1.50")], "ratio": [float("nan")], "count": [-1]})
    _, away = Measure.sift(rows)
    found = json.loads(away["row"][0].as_py())
    assert found == {"scan": "_w==", "cost": "1.50", "ratio": "NaN", "count": -1}
    kept, _ = Measure.sift(pa.Table.from_pylist([found | {"count": 1}]))
    assert kept.drop_columns(["ratio", "count"]).to_pylist() == [{"scan": b"\xff", "cost": Decimal("1.50")}]
    assert str(kept["ratio"][0].as_py()) == "nan"


def test_structs_and_lists_are_read_inside_and_their_nulls_kept():
    class Inner(Record):
        n: int | None

    class Outer(Record):
        inner: Inner | None
        many: list[Inner | None] | None
        sizes: list[float]

    rows = pa.table(
        {
            "inner": pa.array([{"n": "3"}, None, {"n": "x"}, {"n": ""}]),
            "many": pa.array([[{"n": "1"}, None], None, [], [{"n": "y"}]]),
            "sizes": pa.array([[1], [2, 3], [], [4]], pa.large_list(pa.int32())),
        }
    )
    kept, away = Outer.sift(rows)
    assert kept.schema == arrow_schema(described(Outer))
    assert kept.to_pylist() == [
        {"inner": {"n": 3}, "many": [{"n": 1}, None], "sizes": [1.0]},
        {"inner": None, "many": None, "sizes": [2.0, 3.0]},
    ]
    assert [(row["rule"], row["column"], row["value"]) for row in away.to_pylist()] == [
        ("does not read as int64", "inner.n", "x"),
        ("does not read as int64", "many[].n", "[{'n': 'y'}]"),
    ]


def test_a_struct_that_lacks_a_column_is_a_stage_error():
    class Inner(Record):
        n: int

    class Outer(Record):
        inner: Inner

    with pytest.raises(StageError, match=r"Outer\.inner lacks the columns \['n'\]; found \['m'\]"):
        Outer.sift(pa.table({"inner": [{"m": 1}]}))
    with pytest.raises(StageError, match=r"Outer\.inner\.n: found list<item: int64>, expected int64"):
        Outer.sift(pa.table({"inner": [{"n": [1]}]}))
    with pytest.raises(StageError, match=r"Outer\.inner: found string, expected struct<n: int64>"):
        Outer.sift(pa.table({"inner": ["x"]}))


def test_no_rows_are_sifted_into_no_rows(everything, table):
    kept, away = everything.sift(table())
    assert kept.num_rows == away.num_rows == 0
    assert away.column_names == ["rule", "column", "value", "source", "line", "key", "row"]


TYPED = {
    "count": (int, pa.array([1.0, 2.5, float("nan")] * 50)),
    "whole": (int, pa.array([Decimal("1.0"), Decimal("2.5"), Decimal("3.1")] * 50)),
    "price": (Annotated[Decimal, Field(max_digits=4, decimal_places=1)], pa.array([Decimal("1.50"), Decimal("1.55"), Decimal(99999)] * 50)),
    "cost": (Annotated[Decimal, Field(max_digits=4, decimal_places=1)], pa.array([1.5, 1.55, float("inf")] * 50)),
    "paid": (Annotated[Decimal, Field(max_digits=4, decimal_places=1)], pa.array(["1.5", "1.55", "x"] * 50)),
    "at": (datetime, pa.array([1_000, 1_001, 1_500] * 50, pa.timestamp("ns", "UTC"))),
    "seen": (datetime, pa.array(["2024-02-29T12:00Z", "2024-02-29T12:00", "2024-02-30T12:00Z"] * 50)),
    "day": (date, pa.array([datetime(2024, 1, 2), datetime(2024, 1, 2, 1), datetime(2024, 1, 2, 2)] * 50)),
    "open": (bool, pa.array([1, 2, 3] * 50)),
    "flag": (bool, pa.array(["yes", "2", "never"] * 50)),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPED)
def test_values_of_another_type_are_told_apart_without_trying_them_one_by_one(monkeypatch, name):
    monkeypatch.delattr(casting, "failing")
    hint, values = TYPED[name]
    kept, away = create_model("One", __base__=Record, value=(hint, ...)).sift(pa.table({"value": values}))
    assert (kept.num_rows, away.num_rows) == (50, 100)
