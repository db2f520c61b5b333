"""Suite: a check made of Great Expectations, declared without importing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import SerializeAsAny

from pipeline import Check, Finding, Table
from pipeline.frozen import Frozen

Bound = int | float | date | datetime | None


class Expectation(Frozen):
    """One rule of a table, by its Great Expectations name in `kind`; its fields are that expectation's arguments.

    severity: "error" blocks, "warn" is only told.
    by_row: it holds of a table when it holds of each of its fragments.
    """

    kind: ClassVar[str]
    by_row: ClassVar[bool] = False
    severity: Literal["error", "warn"] = "error"

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the expectation; None is left out."""
        return {k: v for k, v in self.model_dump(exclude={"severity"}).items() if v is not None}


class ColumnsAre(Expectation):
    """The table has exactly these columns, in any order."""

    kind = "expect_table_columns_to_match_set"
    by_row = True
    columns: tuple[str, ...]

    def arguments(self) -> dict[str, Any]:
        """Exactly, hence exact_match."""
        return {"column_set": list(self.columns), "exact_match": True}


class RowCount(Expectation):
    """The number of rows lies between two bounds, both included."""

    kind = "expect_table_row_count_to_be_between"
    min_value: int | None = None
    max_value: int | None = None


class NotNull(Expectation):
    """No value is null."""

    kind = "expect_column_values_to_not_be_null"
    by_row = True
    column: str


class Unique(Expectation):
    """No value occurs twice."""

    kind = "expect_column_values_to_be_unique"
    column: str


class InSet(Expectation):
    """Every value is one of a set."""

    kind = "expect_column_values_to_be_in_set"
    by_row = True
    column: str
    values: tuple[Any, ...]

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it value_set."""
        return {"column": self.column, "value_set": list(self.values)}


class Between(Expectation):
    """Every value lies between two bounds, included unless strict."""

    kind = "expect_column_values_to_be_between"
    by_row = True
    column: str
    min_value: Bound = None
    max_value: Bound = None
    strict_min: bool = False
    strict_max: bool = False


class Lengths(Expectation):
    """Every text has between min_value and max_value characters."""

    kind = "expect_column_value_lengths_to_be_between"
    by_row = True
    column: str
    min_value: int | None = None
    max_value: int | None = None


class Matches(Expectation):
    """Every text contains a match of a regular expression."""

    kind = "expect_column_values_to_match_regex"
    by_row = True
    column: str
    pattern: str

    def arguments(self) -> dict[str, Any]:
        """Great Expectations calls it regex."""
        return {"column": self.column, "regex": self.pattern}


class DistinctCount(Expectation):
    """The number of different values lies between two bounds, both included."""

    kind = "expect_column_unique_value_count_to_be_between"
    column: str
    min_value: int | None = None
    max_value: int | None = None


class Suite(Check):
    """Expectations that a table must meet; Great Expectations judges them.

    hint: what to do when it fails, in the words of who declared it.
    """

    packages: ClassVar[tuple[str, ...]] = ("great-expectations", "pandas", "numpy", "pyarrow")

    expectations: tuple[SerializeAsAny[Expectation], ...]
    hint: str = ""

    def by_row(self) -> Suite | None:
        """The expectations that look at one row at a time."""
        return self._of(tuple(e for e in self.expectations if e.by_row))

    def whole(self) -> Suite | None:
        """The expectations that look at all rows: how many, which are unique. A suite of none is left whole, and fails."""
        return self._of(tuple(e for e in self.expectations if not e.by_row)) if self.expectations else self

    def _of(self, expectations: tuple[Expectation, ...]) -> Suite | None:
        return self.model_copy(update={"expectations": expectations}) if expectations else None

    def judge(self, artifact: Table[Any]) -> Iterable[Finding]:
        """One finding an expectation, in order."""
        from .gx import blank, evaluate

        named = {getattr(e, "column", None) for e in self.expectations}
        needed = [name for name in artifact.record.columns() if name in named]
        all_columns = any(isinstance(e, ColumnsAre) for e in self.expectations)
        read = artifact.read(None if all_columns else needed) if needed or all_columns else blank(artifact.count())
        return self._hinted(evaluate(self.expectations, read))

    def judge_each(self, tables: Sequence[Table[Any]]) -> list[list[Finding]]:
        """All tables in one go, which takes Great Expectations little longer than one; each by itself only when that fails."""
        from .gx import evaluate_each

        return [list(self._hinted(found)) for found in evaluate_each(self.expectations, [table.read() for table in tables])]

    def _hinted(self, findings: Iterable[Finding]) -> Iterable[Finding]:
        for finding in findings:
            yield finding if finding.passed or not self.hint else finding.model_copy(update={"note": self.hint})
