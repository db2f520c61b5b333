"""Reasons: pydantic and the row rules say the same of a row, alone or in a table."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any, Literal

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model
from visits import CHANGES, GOOD, Visit

from pipeline import StageError
from schemas import Record, Refusal
from schemas.record import described
from schemas.record.arrow import arrow_schema

SCHEMA = arrow_schema(described(Visit))


def sifted(record: type[Record], rows: pa.Table) -> tuple[str, str | None] | None:
    kept, away = record.sift(rows)
    assert kept.num_rows + away.num_rows == rows.num_rows == 1
    return None if kept.num_rows else (away["rule"][0].as_py(), away["column"][0].as_py())


def refused(record: type[Record], row: dict[str, Any]) -> tuple[str, str | None] | None:
    found = record.refusal(row)
    return None if found is None else (found.rule, found.column)


@settings(max_examples=250)
@given(changes=CHANGES)
def test_a_row_of_any_types_is_refused_alone_as_it_is_in_a_table(changes):
    row = GOOD | changes
    assert refused(Visit, row) == sifted(Visit, pa.Table.from_pylist([row], SCHEMA))


@pytest.mark.parametrize(
    ("changes", "rule", "column"),
    [
        ({"ward": None}, "is null", "ward"),
        ({"ratio": float("nan")}, "is not finite", "ratio"),
        ({"ratio": 0.3}, "is not multiple_of 0.25", "ratio"),
        ({"cost": Decimal(-5)}, "is not gt -5", "cost"),
        ({"cost": Decimal("1000.001")}, "is not lt 1000.0005", "cost"),
        ({"scan": b""}, "is shorter than 1", "scan"),
        ({"colour": "green"}, "is none of ['red', 'blue']", "colour"),
        ({"level": 2}, "is none of [1, 5]", "level"),
        ({"name": "a\u00a0"}, None, None),
        ({"name": "- -"}, r"does not match \w\b", "name"),
        ({"address": None}, "is null", "address"),
        ({"address": {"zip": "1", "city": "Ulm"}}, r"does not match ^\d{2,5}$", "address.zip"),
        ({"address": {"zip": "\u0661\u0662", "city": None}}, None, None),  # digits, as pydantic has it
        ({"former": {"zip": "12", "city": "U"}}, "is shorter than 2", "former.city"),
        ({"items": []}, "is shorter than 1", "items"),
        ({"items": [None]}, "is null", "items[]"),
        ({"items": [None, None, None]}, "is longer than 2", "items"),
        ({"items": [{"price": Decimal("1.51"), "amount": 3, "tags": []}]}, "is not multiple_of 0.05", "items[].price"),
        ({"items": [{"price": Decimal(1), "amount": 4, "tags": ["abc"]}]}, "is not multiple_of 3", "items[].amount"),
        ({"items": [{"price": Decimal(1), "amount": 3, "tags": ["abc"]}]}, "is longer than 2", "items[].tags[]"),
        ({"items": [{"price": Decimal(3000), "amount": 3, "tags": []}]}, "costs too much in all", "items[].amount"),
        (
            {"items": [{"price": Decimal(1), "amount": 4, "tags": []}, {"price": Decimal("1.51"), "amount": 3, "tags": []}]},
            "is not multiple_of 0.05",  # columns come before the items that they lie in
            "items[].price",
        ),
        ({"grid": [[1], []]}, "is shorter than 1", "grid[]"),
        ({"grid": [[1, 5]]}, "is not lt 5", "grid[][]"),
        ({"end": date(2024, 2, 27)}, "ends before it starts", "end"),
        ({"level": 5}, "is open at level 5", None),
        ({"level": 5, "end": None}, "is open at level 5", None),
        ({"level": 5, "end": date(2024, 2, 27)}, "ends before it starts", "end"),
        ({"level": 5, "ward": None}, "is null", "ward"),
    ],
)
def test_a_refusal_names_the_rule_and_the_path_of_the_column(changes, rule, column):
    row = GOOD | changes
    expected = None if rule is None else (rule, column)
    assert refused(Visit, row) == sifted(Visit, pa.Table.from_pylist([row], SCHEMA)) == expected


LEAVES: dict[str, Any] = {
    "string": str,
    "int64": int,
    "double": float,
    "bool": bool,
    "date": date,
    "moment": datetime,
    "decimal": Annotated[Decimal, Field(max_digits=6, decimal_places=2)],
    "wide": Annotated[Decimal, Field(max_digits=50, decimal_places=2)],
    "binary": bytes,
    "literal": Literal[1, 2],
    "enum": Enum("Size", {"S": "s", "M": "m"}),
}
ONE = {name: create_model("One", __base__=Record, value=(hint, ...)) for name, hint in LEAVES.items()}
SHAPES = st.one_of(
    st.text("-+ 0123456789.eE_x,\u0661", max_size=9),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.sampled_from(
        ["TRUE", "yes", "No", " t ", "2", "nan", "-inf", "Infinity", "s", "", "  ", "\u00a03\u00a0", "QUI=", "QUI", "1" * 50]
    ),
    st.tuples(st.integers(0, 10000), st.integers(0, 13), st.integers(0, 32)).map(lambda day: "{:04}-{:02}-{:02}".format(*day)),
    st.tuples(
        st.dates().map(str),
        st.sampled_from(["T", " ", "t", ""]),
        st.sampled_from(["12", "12:30", "24:00", "12:30:59", "12:30:60", "12:30:01.5", "12:30:01.1234567", "1230"]),
        st.sampled_from(["Z", "z", "+01:00", "-0130", "+05", "+24:00", "", " Z"]),
    ).map("".join),
)
OTHERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.integers(-3, 3).map(float),
    st.sampled_from([2.0**63, -(2.0**63), 19.99, 1e22, 1e-7, 123456.78]),
    st.decimals(-(10**5), 10**5, places=3),
    st.decimals(-3, 3, places=0),
    st.dates(),
    st.dates().map(lambda day: datetime(day.year, day.month, day.day)),
    st.datetimes(),
    st.datetimes(datetime(2, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])),
    st.binary(max_size=3),
    st.text("a1\u00e9", max_size=3),
)


@pytest.mark.parametrize("leaf", LEAVES)
@settings(max_examples=100)
@given(value=SHAPES)
def test_text_reads_or_not_alone_as_in_a_table(leaf, value):
    record = ONE[leaf]
    blank = value.strip() == "" and leaf not in ("string", "binary", "enum")
    alone = refused(record, {"value": None if blank else value})
    assert alone == sifted(record, pa.table({"value": pa.array([value])}))
    if not alone and not blank:
        made = record.model_validate({"value": value}).model_dump()["value"]
        kept = record.sift(pa.table({"value": [value]}))[0]["value"][0].as_py()
        assert str(kept) == str(made.value if isinstance(made, Enum) else made)


@pytest.mark.parametrize("leaf", LEAVES)
@settings(max_examples=100)
@given(value=OTHERS)
def test_a_value_of_another_type_reads_or_not_alone_as_in_a_table(leaf, value):
    record = ONE[leaf]
    alone, rows = refused(record, {"value": value}), pa.table({"value": pa.array([value])})
    try:
        assert sifted(record, rows) == alone
    except StageError:
        assert alone == (f"does not read as {described(record)[0].kind}", "value")


@settings(max_examples=400)
@given(
    digits=st.tuples(st.integers(1, 76), st.integers(0, 76)).filter(lambda found: found[1] <= found[0]),
    value=st.from_regex(r"[+-]?(?:[0-9]{1,90}\.?[0-9]{0,40}|\.[0-9]{1,90})(?:[eE][+-]?[0-9]{1,3})?", fullmatch=True, alphabet=st.sampled_from("+-.eE0123456789")),
    beside=st.sampled_from([[], ["zz"], ["1e0"], ["0" * 90]]),
)  # fmt: skip
@example(digits=(8, 2), value="340282366920938463463374607431768211961", beside=[])
@example(digits=(8, 2), value="1" + "0" * 400, beside=[])
@example(digits=(50, 0), value=str(2**256 + 77), beside=[])
@example(digits=(38, 17), value="7990600939029949995991029", beside=[])
@example(digits=(8, 2), value="1.5" + "0" * 60, beside=[])
@example(digits=(8, 2), value="1e-999999999999999999999", beside=[])
def test_a_decimal_is_the_number_that_its_text_says_or_does_not_read(digits, value, beside):
    """Held against Python's Decimal, which reads nothing through Arrow."""
    size, places = digits

    def reads(text: str) -> bool:
        if "e-9999" in text:
            return False  # Fraction would write it out
        steps = Fraction(text) * 10**places if text != "zz" else Fraction(1, 2)
        return steps.denominator == 1 and abs(steps) < 10**size

    record = create_model(
        "One", __base__=Record, value=(Annotated[Decimal, Field(max_digits=size, decimal_places=places)], ...)
    )
    texts = [value, *beside]
    assert record.sift(pa.table({"value": texts}))[0]["value"].to_pylist() == [Decimal(text) for text in texts if reads(text)]
    assert (refused(record, {"value": value}) is None) == reads(value)
    if reads(value):
        assert record.model_validate({"value": value}).model_dump()["value"] == Decimal(value)


@settings(max_examples=200)
@given(
    found=st.tuples(st.integers(1, 38), st.integers(0, 38)).filter(lambda found: found[1] <= found[0]),
    wanted=st.tuples(st.integers(1, 60), st.integers(0, 60)).filter(lambda wanted: wanted[1] <= wanted[0]),
    digits=st.integers(-(10**38) + 1, 10**38 - 1),
)
@example(found=(31, 5), wanted=(38, 19), digits=-7782076613636378193479046)
@example(found=(38, 0), wanted=(39, 0), digits=99_999_999_999_999_999_999_999_999_995_000_000_000)
def test_a_decimal_of_another_size_is_the_same_number_or_does_not_read(found, wanted, digits):
    value = Decimal(f"{'-' if digits < 0 else ''}{abs(digits) % 10 ** found[0]}e-{found[1]}")
    record = create_model(
        "One", __base__=Record, value=(Annotated[Decimal, Field(max_digits=wanted[0], decimal_places=wanted[1])], ...)
    )
    steps = Fraction(value) * 10 ** wanted[1]
    kept = record.sift(pa.table({"value": pa.array([value], pa.decimal128(*found))}))[0]["value"].to_pylist()
    assert kept == ([value] if steps.denominator == 1 and abs(steps) < 10 ** wanted[0] else [])


@pytest.mark.parametrize("beside", [[], ["zz"]])
@pytest.mark.parametrize("value", ["nan(1)", "nan(abc)", "1e400", "-1" + "0" * 400])
def test_a_float_reads_or_not_whatever_stands_beside_it(value, beside):
    record = ONE["double"]
    assert record.sift(pa.table({"value": [value, *beside]}))[0].num_rows == 0
    assert refused(record, {"value": value}) == ("does not read as double", "value")


@pytest.mark.parametrize(
    ("leaf", "value"), [("double", 2**64), ("double", -(10**30)), ("wide", 10**30), ("string", 2**63), ("double", 10**400)]
)
def test_a_whole_number_beyond_64_bits_reads_alone_as_its_digits_do_in_a_table(leaf, value):
    record = ONE[leaf]
    assert refused(record, {"value": value}) == sifted(record, pa.table({"value": [str(value)]}))
    assert (refused(record, {"value": value}) is None) == (value != 10**400)


@pytest.mark.parametrize("value", [{}, [], [1], {"a": 1}, object(), "\ud800", 1j, Record, lambda: 0, {1}])
@pytest.mark.parametrize("leaf", LEAVES)
def test_what_no_column_can_hold_is_refused_and_never_an_error(leaf, value):
    found = ONE[leaf].refusal({"value": value})
    assert found is not None
    assert found.rule.startswith("does not read as ")
    assert found.column == "value"


def test_a_request_names_all_columns_and_no_others():
    good = GOOD.copy()
    del good["ward"]
    assert Visit.refusal(good) == Refusal("is missing", "ward", None)
    assert refused(Visit, GOOD | {"wards": 1}) == ("is no column", "wards")
    assert refused(Visit, GOOD | {"address": {"zip": "12"}}) == ("is missing", "address.city")
    assert refused(Visit, GOOD | {"address": {"zip": "12", "city": None, "x": 1}}) == ("is no column", "address.x")
    assert refused(Visit, GOOD | {"address": "Ulm"}) == ("does not read as struct<zip: string, city: string | null>", "address")
    assert refused(Visit, GOOD | {"items": "x"})[1] == "items"
    assert refused(Visit, GOOD | {"items": ["x"]})[1] == "items[]"
    assert refused(Visit, "x") == refused(Visit, [1]) == ("does not read as a row", None)


def test_a_request_as_json_is_read_like_text_in_a_table():
    request = json.loads(
        """{"id": "x", "ward": "3", "start": "2024-02-28", "end": null, "at": "2024-02-29T13:00:00+01:00", "ratio": 1, "loose": "NaN",
        "open": "yes", "cost": 12.345, "scan": "/wA=", "kind": "a", "rank": 2, "colour": "blue", "level": null, "name": "anna",
        "address": {"zip": "1234", "city": null}, "former": null, "items": [{"price": "1.5", "amount": 3.0, "tags": []}], "grid": null}"""
    )
    assert Visit.refusal(request) is None
    row = Visit.model_validate(request)
    assert (row.ward, row.at, row.scan) == (3, datetime(2024, 2, 29, 12, tzinfo=UTC), b"\xff\x00")
    assert (row.cost, row.items[0].price, row.open) == (Decimal("12.345"), Decimal("1.5"), True)
    assert row == Visit.model_validate_json(json.dumps(request)) or row.loose != row.loose
    assert Visit.refusal(request | {"at": "2024-02-29T13:00:00"}) == Refusal(
        "does not read as timestamp[us, tz=UTC]", "at", "2024-02-29T13:00:00"
    )


def test_pydantics_own_error_says_the_reason_too():
    with pytest.raises(ValidationError, match="ends before it starts"):
        Visit.model_validate(GOOD | {"end": date(2024, 2, 27)})
    with pytest.raises(ValidationError, match=r"(?s)items\.0\.amount.*does not read as int64"):
        Visit.model_validate(GOOD | {"items": [{"price": 1, "amount": "x", "tags": []}]})
    with pytest.raises(ValidationError, match="costs too much"):
        Visit(**GOOD | {"items": [{"price": 3000, "amount": 3, "tags": []}]})


def test_a_refusal_reads_as_a_sentence_and_bounds_what_it_quotes():
    found = Visit.refusal(GOOD | {"name": "x" * 10_000})
    assert found is not None
    assert str(found).startswith("name is longer than 4: xxx")
    assert len(str(found)) < 120
    assert str(Visit.refusal(GOOD | {"level": 5})) == "the row is open at level 5"
