"""Record -> columns; and what no column can be."""

from typing import Annotated, Any, Literal

import annotated_types
import pytest
from pydantic import AfterValidator, Field, StringConstraints, create_model, field_validator, model_validator

from pipeline import UsageError
from schemas import Record
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


@pytest.mark.parametrize(
    "hint",
    [
        dict[str, int],
        tuple[int, ...],
        set[str],
        complex,
        list,
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
