"""Row rules as functions: asked of whole tables by sift, of one row by pydantic."""

import re
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import Field, ValidationError

from pipeline import LINE, SOURCE, StageError, UsageError
from schemas import Record, row_rule


class Span(Record):
    start: Annotated[int, Field(ge=0)]
    end: int | None

    @row_rule("ends before it starts", column="end")
    @staticmethod
    def in_order(rows: pa.Table) -> pa.ChunkedArray:
        return pc.greater_equal(rows["end"], rows["start"])


class Short(Span):
    @row_rule("is longer than 10")
    @staticmethod
    def short(rows: pa.Table) -> pa.ChunkedArray:
        return pc.less_equal(pc.subtract(rows["end"], rows["start"]), 10)


class Free(Short):
    @row_rule("is longer than 99")
    @staticmethod
    def short(rows: pa.Table) -> pa.ChunkedArray:
        return pc.less_equal(pc.subtract(rows["end"], rows["start"]), 99)


ROWS = pa.table({"start": [0, 5, 1, -1, 3, 0], "end": [1, 4, None, 5, 90, 200], SOURCE: ["a.csv"] * 6, LINE: range(2, 8)})


def reasons(record: type[Record]) -> list[tuple[int, str, str | None]]:
    return [(row["line"], row["rule"], row["column"]) for row in record.sift(ROWS)[1].to_pylist()]


def test_a_rule_sees_the_rows_that_are_well_so_far_and_a_null_breaks_nothing():
    kept, _ = Span.sift(ROWS)
    assert kept.to_pylist() == [{"start": s, "end": e} for s, e in ((0, 1), (1, None), (3, 90), (0, 200))]
    assert reasons(Span) == [(5, "is not ge 0", "start"), (3, "ends before it starts", "end")]


def test_rules_are_inherited_in_order_and_one_of_the_same_name_takes_the_others_place():
    assert reasons(Short)[1:] == [
        (3, "ends before it starts", "end"),
        (6, "is longer than 10", None),
        (7, "is longer than 10", None),
    ]
    assert reasons(Free)[1:] == [(3, "ends before it starts", "end"), (7, "is longer than 99", None)]


def test_the_source_and_line_of_a_row_are_carried_through_all_passes_and_left_out_of_what_is_kept():
    rows = pa.table({"start": ["0", "x", "-1", "9", "2"], "end": ["1"] * 5, SOURCE: ["a.csv"] * 5, LINE: range(2, 7)})
    kept, away = Span.sift(rows)
    assert kept.column_names == ["start", "end"]
    assert [(row["source"], row["line"], row["rule"]) for row in away.to_pylist()] == [
        ("a.csv", 3, "does not read as int64"),
        ("a.csv", 4, "is not ge 0"),
        ("a.csv", 5, "ends before it starts"),
        ("a.csv", 6, "ends before it starts"),
    ]
    assert all(SOURCE not in row and LINE not in row for row in away["row"].to_pylist())


def test_pydantic_asks_the_rules_too_and_only_of_a_row_whose_fields_are_well():
    assert Short(start=1, end=None).end is None
    with pytest.raises(ValidationError) as raised:
        Short(start=5, end=4)
    (error,) = raised.value.errors()
    assert (error["loc"], error["type"], error["msg"], error["input"]) == (("end",), "row_rule", "ends before it starts", 4)
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Short(start=-1, end=-4)


def test_a_rule_can_be_called_by_itself():
    assert Span.in_order(ROWS).to_pylist() == [True, False, None, True, True, True]


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        (lambda rows: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (lambda rows: rows["nothing"], "raised KeyError"),
        (lambda rows: True, "gave True; expected a pyarrow array of one bool a row"),
        (lambda rows: [True] * len(rows), "gave [True, True]; expected a pyarrow array"),
        (lambda rows: pc.any(rows["start"].cast("bool")), "gave <pyarrow.BooleanScalar: True>; expected a pyarrow array"),
        (lambda rows: rows["start"], "gave 2 of int64 for 2 rows; expected one bool a row"),
        (lambda rows: pa.array([True]), "gave 1 of bool for 2 rows; expected one bool a row"),
    ],
)
def test_a_rule_that_raises_or_gives_anything_but_a_bool_a_row_is_a_stage_error_that_names_it(gives, said):
    class Odd(Record):
        start: int
        rule = row_rule("is odd")(gives)

    with pytest.raises(StageError, match=re.escape(f"row rule Odd.rule {said}")):
        Odd.sift(pa.table({"start": [1, 2]}))
    if "for 2 rows" not in said and "[True, True]" not in said:
        with pytest.raises(StageError, match=r"row rule Odd\.rule "):
            Odd(start=1)


def test_no_rows_ask_no_rule():
    kept, away = Span.sift(ROWS.slice(0, 0))
    assert (kept.num_rows, away.num_rows) == (0, 0)


def test_a_rule_that_blames_no_field_of_its_record_is_a_usage_error():
    class Odd(Record):
        start: int

        @row_rule("is odd", column="strat")
        @staticmethod
        def even(rows: pa.Table) -> pa.ChunkedArray: ...

    with pytest.raises(UsageError, match=r"Odd\.even: its column 'strat' is none of \['start'\]; name one of them, or none"):
        Odd.columns()
    with pytest.raises(UsageError, match=r"stands above 3; expected a function"):
        row_rule("is odd")(3)
