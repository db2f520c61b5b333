"""Record: the contract of a row, from which columns, row rules and the Great Expectations suite follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator

from pipeline import StageError, UsageError
from pipeline.errors import bounded
from pipeline.frozen import Frozen

from ..expectations import Between, ColumnsAre, InSet, Lengths, Matches, NotNull, RowCount, Unique, UniqueTogether
from ..suite import Suite
from .column import Column
from .columns import describe, described
from .patterns import is_plain
from .reasons import Refusal, refusal
from .rowwise import keep_rules, read_row

if TYPE_CHECKING:
    import pyarrow as pa

_SIFTED = {"sifted": True}  # the context of rows that the row rules have accepted


class Record(Frozen):
    """A row. Fields are columns: str, int, float, bool, date, datetime, Decimal, bytes, Literal, Enum, other Records, lists, and `| None`.

    Constraints are pydantic's: ge, gt, le, lt, multiple_of, min_length, max_length, pattern, allow_inf_nan; and Key, Distinct, @row_rule.
    docs/records.md shows them all.  Pydantic and the row rules say the same of a row, and give the same reason.

    layout: how tables are stored: "parquet", small, or "arrow", one file that is read through a memory map, for rows that are read again and again.
    """

    layout: ClassVar[Literal["parquet", "arrow"]] = "parquet"

    # A measurement may be either; a bound turns NaN away. True would forbid Decimals that have a size, None says what pydantic says.
    model_config = ConfigDict(allow_inf_nan=None)  # type: ignore[typeddict-item]

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Column -> type in words, in order."""
        return {column.name: str(column) for column in described(cls)}

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """The columns that together tell one row from every other, in order: those marked Key."""
        return tuple(column.name for column in described(cls) if column.key)

    @classmethod
    def sift(cls, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows that keep the contract, cast to its columns, in order; and the others, in the quarantine's form.

        schemas/record/reading.py says which values read as which type.  Raises StageError for a column that is missing or of a type that cannot be read,
        and for a row rule that fails.
        """
        from .rules import sift_record

        return sift_record(describe(cls), rows)

    @classmethod
    def refusal(cls, row: Mapping[str, Any]) -> Refusal | None:
        """Why a single row, such as a request at prediction time, is refused; None where it is accepted.

        The reason and the column are those that `sift` gives, of pydantic's errors.  A request must name all columns and no others, while a
        table's other columns are left out.
        """
        try:
            cls.model_validate(row)
        except ValidationError as error:
            return refusal(describe(cls), error)
        return None

    @classmethod
    def to_arrow(cls, rows: Iterable[Self]) -> pa.Table:
        """Rows as a table of this Record's columns, in order; members of an Enum by their value."""
        from .arrow import table_of

        listed = list(rows)
        for row in listed:
            if not isinstance(row, cls):
                raise UsageError(
                    f"found {bounded(row)}, expected a {cls.__name__}; make one with {cls.__name__}.model_validate"
                )
        return table_of(described(cls), [vars(row) for row in listed])

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Iterator[Self]:
        """The rows of a table, in order. Raises StageError for rows that the contract refuses, with how many and one reason."""
        from .arrow import rows_of

        kept, away = cls.sift(table)
        if away.num_rows:
            first = Refusal(**{name: away[name][0].as_py() for name in ("rule", "column", "value")})
            raise StageError(f"{away.num_rows} of {table.num_rows} rows are no {cls.__name__}: {first}; sift the table first")
        for row in rows_of(kept):
            yield cls.model_validate(row, context=_SIFTED)

    @classmethod
    def contract(cls) -> Suite:
        """The suite that every table of this Record must pass: at least one row, and one expectation a constraint that has one.

        The row rules ran before and hold all of a row's constraints; the suite holds that they did, and what only a whole table shows: Key and
        Distinct.  It has none for multiple_of, for Decimal bounds, lengths of bytes and lists, patterns that RE2 refuses or may read
        in another way, what lies inside nested Records and lists, and row rules.  Several Key columns are unique together.
        """
        columns = described(cls)
        key = cls.key()
        expectations: list[Any] = [ColumnsAre(columns=tuple(c.name for c in columns)), RowCount(min_value=1)]
        for column in columns:
            expectations += _expectations(column, unique=column.unique or key == (column.name,))
        expectations += [UniqueTogether(columns=key)] if len(key) > 1 else []
        return Suite(name="contract", expectations=tuple(expectations))

    @model_validator(mode="wrap")
    @classmethod
    def _sifted(cls, row: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """Read values and ask row rules as `sift` does."""
        if info.context is _SIFTED or not isinstance(row, Mapping):
            return handler(row)
        record = describe(cls)
        made = handler(read_row(record, row))
        keep_rules(record, made)
        return made


def _expectations(column: Column, *, unique: bool) -> Iterator[Any]:
    if not column.nullable:
        yield NotNull(column=column.name)
    if unique:
        yield Unique(column=column.name)
    if column.values and column.kind != "binary":
        yield InSet(column=column.name, values=column.values)
    low, high = _first(column.ge, column.gt), _first(column.le, column.lt)
    if (low is not None or high is not None) and not column.kind.startswith("decimal"):
        strict = {"strict_min": column.gt is not None, "strict_max": column.lt is not None}
        yield Between(column=column.name, min_value=low, max_value=high, **strict)
    if column.kind == "string" and (column.min_length, column.max_length) != (None, None):
        yield Lengths(column=column.name, min_value=column.min_length, max_value=column.max_length)
    if column.pattern and is_plain(column.pattern):
        yield Matches(column=column.name, pattern=column.pattern)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
