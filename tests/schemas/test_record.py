"""Record -> columns; and what no column can be."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import Annotated, Any, Literal

import annotated_types
import pytest
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, create_model, field_validator, model_validator

from pipeline import UsageError
from schemas import Distinct, Key, Record, Unique, UniqueTogether
from schemas.record import Column, described


def record_with(hint: Any) -> type[Record]:
    return create_model("Odd", __base__=Record, value=(hint, ...))


def test_columns_are_named_in_order_with_their_types_in_words(everything):
    assert everything.columns() == {
        "id": "string",
        "text": "string",
        "count": "int64",
        "score": "double",
        "flag": "bool",
        "day": "date32[day]",
        "moment": "timestamp[us, tz=UTC]",
        "kind": "string",
        "level": "int64 | null",
        "tokens": "list<int64>",
        "names": "list<string> | null",
        "note": "string | null",
    }
    assert list(everything.columns()) == list(everything.model_fields)


def test_a_record_inherits_the_columns_and_constraints_of_its_base(everything):
    longer = create_model("Longer", __base__=everything, more=(int, ...))
    assert described(longer) == (*described(everything), Column("more", "int64", nullable=False))


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Annotated[int, Field(ge=1, lt=3)], {"ge": 1, "lt": 3}),
        (Annotated[float, Field(gt=0, le=1)], {"gt": 0, "le": 1}),
        (Annotated[int, annotated_types.Interval(ge=1, lt=3)], {"ge": 1, "lt": 3}),
        (Annotated[str, Field(min_length=1, max_length=2, pattern="x")], {"min_length": 1, "max_length": 2, "pattern": "x"}),
        (Annotated[str, annotated_types.Len(1, 2)], {"min_length": 1, "max_length": 2}),
        (Annotated[str, StringConstraints(min_length=3, pattern="x")], {"min_length": 3, "pattern": "x"}),
        (Annotated[str, Field(min_length=1)] | None, {"nullable": True, "min_length": 1}),
        (Annotated[str | None, Field(min_length=1)], {"nullable": True, "min_length": 1}),
        (Literal["a", "b"], {"values": ("a", "b")}),
    ],
)
def test_a_constraint_is_found_however_it_is_written(hint, expected):
    (column,) = described(record_with(hint))
    assert {name: getattr(column, name) for name in expected} == expected
    assert column == Column("value", column.kind, **{"nullable": False} | expected)


class Inner(Record):
    """A nested one."""

    zip: Annotated[str, Field(min_length=2)]
    age: int | None


class Node(Record):
    """One that holds itself."""

    parts: list["Node"]


Size = Enum("Size", {"S": "s", "M": "m"})


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (bytes, "binary"),
        (Annotated[Decimal, Field(max_digits=10, decimal_places=2)], "decimal128(10, 2)"),
        (Annotated[Decimal, Field(max_digits=39, decimal_places=0)] | None, "decimal256(39, 0) | null"),
        (Size, "string"),
        (IntEnum("Level", ["LOW", "HIGH"]), "int64"),
        (Inner, "struct<zip: string, age: int64 | null>"),
        (list[Inner | None] | None, "list<struct<zip: string, age: int64 | null> | null> | null"),
        (list[list[Annotated[int, Field(ge=1)] | None]], "list<list<int64 | null>>"),
        (Literal[b"a"], "binary"),
        (Literal[True], "bool"),
    ],
)
def test_a_type_has_its_column(hint, kind):
    assert record_with(hint).columns() == {"value": kind}


def test_what_lies_inside_has_its_own_constraints():
    (column,) = described(record_with(list[Inner]))
    assert column.items == Column("[]", "struct<zip: string, age: int64 | null>", nullable=False, fields=described(Inner))
    assert described(Inner)[0].min_length == 2


def test_the_key_is_all_columns_marked_so_in_order():
    class Both(Record):
        b: Annotated[int, Key()]
        n: int
        a: Annotated[str, Key()]
        email: Annotated[str, Distinct()] | None

    assert Both.key() == ("b", "a")
    assert [one.column for one in Both.contract().expectations if isinstance(one, Unique)] == ["email"]
    (together,) = [one for one in Both.contract().expectations if isinstance(one, UniqueTogether)]
    assert together.columns == ("b", "a")
    assert Inner.key() == ()


def test_the_contract_asks_what_the_suite_can(everything):
    asked = {(type(one).__name__, getattr(one, "column", None)) for one in everything.contract().expectations}
    assert {("Unique", "id"), ("Matches", "text"), ("Lengths", "text"), ("Between", "day"), ("InSet", "kind")} <= asked
    record = create_model(
        "Rich",
        __base__=Record,
        size=(Size, ...),
        cost=(Annotated[Decimal, Field(max_digits=5, decimal_places=2, ge=0)], ...),
        step=(Annotated[int, Field(multiple_of=2)] | None, ...),
        inner=(Inner, ...),
    )
    assert {(type(one).__name__, getattr(one, "column", None)) for one in record.contract().expectations} == {
        ("ColumnsAre", None), ("RowCount", None), ("NotNull", "size"), ("InSet", "size"), ("NotNull", "cost"), ("NotNull", "inner"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (Decimal, "found a Decimal of no stated size; a column has one, such as"),
        (Annotated[Decimal, Field(max_digits=9)], "found a Decimal of no stated size"),
        (
            Annotated[Decimal, Field(max_digits=77, decimal_places=2)],
            "found max_digits=77 and decimal_places=2; expected at most 76",
        ),
        (Annotated[Decimal, Field(max_digits=2, decimal_places=3)], "no more places than digits"),
        (Annotated[Decimal, Field(max_digits=9, decimal_places=2, ge=0.5)], "found ge=0.5 on decimal128"),
        (
            Annotated[Decimal, Field(max_digits=38, decimal_places=2, multiple_of=Decimal("0.01"))],
            "a quotient of at most 28 digits",
        ),
        (Annotated[Decimal, Field(max_digits=76, decimal_places=76, ge=5)], "a bound that fits 76 digits"),
        (Annotated[int, Field(ge=0.5)], "found ge=0.5 on int64; expected a whole number of 64 bits"),
        (Annotated[int, Field(le=2**63)], "found le=9223372036854775808 on int64"),
        (Annotated[int, Field(multiple_of=0)], "found multiple_of=0 on int64; expected a whole number of 64 bits above 0"),
        (Annotated[float, Field(ge=float("nan"))], "found ge=nan on double; expected a number"),
        (Annotated[date, Field(ge=datetime(2020, 1, 1, tzinfo=UTC))], "expected a date"),
        (Annotated[datetime, Field(ge=datetime(2020, 1, 1))], "expected a datetime with a zone"),
        (Annotated[list[int], Key()], "no row rule is known for key=True on list<int64>"),
        (Annotated[str, Key()] | None, "a Key may not be null"),
        (Annotated[str, Field(alias="v")], "found the alias 'v'; a column is called like its field"),
        (Annotated[bytes, Field(pattern="a")], "no row rule is known for pattern=a on binary"),
    ],
)
def test_a_mistake_in_a_declaration_is_a_usage_error_that_says_the_way_out(hint, said):
    with pytest.raises(UsageError, match=said):
        record_with(hint).columns()


def test_a_record_that_holds_itself_is_a_usage_error():
    with pytest.raises(
        UsageError, match=r"^Node\.parts\[\]: Node holds itself, which no column can; refer to the other row by its key"
    ):
        Node.columns()


def test_all_mistakes_of_a_record_are_told_at_once():
    record = create_model("Odd", __base__=Record, a=(complex, ...), b=(int, ...), c=(Annotated[int, Field(pattern="x")], ...))
    with pytest.raises(UsageError) as raised:
        record.columns()
    first, second = str(raised.value).splitlines()
    assert first.startswith("Odd.a: ")
    assert second.startswith("Odd.c: ")


def test_a_setting_that_changes_what_pydantic_accepts_is_a_usage_error():
    class Loose(Record):
        model_config = ConfigDict(str_strip_whitespace=True, title="Loose")
        value: str

    with pytest.raises(
        UsageError, match=r"Loose: no row rule is known for the settings \{'str_strip_whitespace': True\} of its model_config"
    ):
        Loose.columns()


@pytest.mark.parametrize(
    "hint",
    [
        dict[str, int],
        tuple[int, ...],
        set[str],
        complex,
        list,
        Enum("Mixed", {"A": 1, "B": "b"}),
        Enum("Halves", {"A": 0.5}),
        Flag("Bits", ["A", "B"]),
        int | str,
        int | str | None,
        None,
        Any,
        Record,
        Literal["a", 1],
        Literal["a", None],
        Literal[1, True],
    ],
)
def test_a_type_that_no_column_can_have_is_a_usage_error_that_names_it(hint):
    with pytest.raises(UsageError, match=r"^Odd\.value: .* is no type of a column; expected str, int") as raised:
        record_with(hint).columns()
    shown = getattr(hint, "__name__", None) or str(hint)
    assert shown.removeprefix("typing.").partition("[")[0] in str(raised.value)


@pytest.mark.parametrize(
    "hint",
    [
        Annotated[str, Field(multiple_of=2)],
        Annotated[int, Field(strict=True)],
        Annotated[int, Field(allow_inf_nan=False)],
        Annotated[str, StringConstraints(strip_whitespace=True)],
        Annotated[str, StringConstraints(pattern="x", to_lower=True)],
        Annotated[str, AfterValidator(str.strip)],
        Annotated[str, Field(ge="a")],
    ],
)
def test_a_constraint_with_no_row_rule_is_a_usage_error_and_never_dropped(hint):
    with pytest.raises(UsageError, match=r"^Odd\.value: no row rule is known for "):
        record_with(hint).contract()


def test_a_validator_method_is_a_usage_error_because_rows_are_never_given_to_it():
    class Validated(Record):
        value: int

        @field_validator("value")
        @classmethod
        def _even(cls, value: int) -> int:
            return value

        @model_validator(mode="after")
        def _whole(self) -> "Validated":
            return self

    with pytest.raises(UsageError, match=r"Validated: no row rule is known for the validators \['_even', '_whole'\]"):
        Validated.columns()


def test_a_row_is_frozen_and_refuses_a_column_it_does_not_have(everything, good):
    row = everything(**good())
    with pytest.raises(ValueError, match="frozen"):
        row.count = 4
    with pytest.raises(ValueError, match="Extra inputs"):
        everything(**good(), more=1)


class Wide(Enum):
    HUGE = 2**70


@pytest.mark.parametrize(
    ("hint", "said"), [(Literal[2**70], "of 64 bits"), (Wide, "of 64 bits"), (list, "is no type of a column")]
)
def test_what_no_column_can_hold_is_refused_where_it_is_declared(hint, said):
    with pytest.raises(UsageError, match=said):
        described(record_with(hint))
