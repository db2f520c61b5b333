"""Row rules: what must hold of a row as a whole, written as one function on Arrow columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline import StageError, UsageError
from pipeline.errors import bounded

if TYPE_CHECKING:
    import pyarrow as pa


class Marked(staticmethod):  # type: ignore[type-arg]
    """A function of a Record's body that is a row rule."""

    def __init__(self, function: Callable[[Any], Any], reason: str, column: str | None) -> None:
        super().__init__(function)
        self.reason, self.column = reason, column


@dataclass(frozen=True)
class RowRule:
    """A function of a Record: rows -> true where a row is well.

    name: `Visit.in_order`.  reason, column: what is said of a row where it is false.
    """

    name: str
    reason: str
    column: str | None
    function: Callable[[Any], Any]


def row_rule(reason: str, column: str | None = None) -> Callable[[Any], Any]:
    """Make a function of a Record's body a rule of its rows.

        @row_rule("ends before it starts", column="end")
        def in_order(rows: pa.Table) -> pa.ChunkedArray:
            return pc.greater_equal(rows["end"], rows["start"])

    rows: the Record's columns, of rows that keep all constraints of its fields; of one row when pydantic asks.  It gives one bool a row, true
    where the row is well; a null breaks nothing, as in any constraint.  It must judge each row by itself.
    reason: in words a data owner understands.  column: the field that is to blame, if it is one.
    It is a static method: `@staticmethod` beneath may be written and need not.
    """

    def mark(function: Any) -> Any:
        inner = function.__func__ if isinstance(function, staticmethod) else function
        if not callable(inner):
            raise UsageError(f"@row_rule({reason!r}) stands above {bounded(inner)}; expected a function of the rows")
        return Marked(inner, reason, column)

    return mark


def rules_of(record: type) -> tuple[RowRule, ...]:
    """The row rules of a class, those of its bases first; one of the same name takes the place of the base's."""
    found: dict[str, RowRule | None] = {}
    for kind in reversed(record.__mro__):
        for name, value in vars(kind).items():
            if isinstance(value, Marked):
                found[name] = RowRule(f"{record.__name__}.{name}", value.reason, value.column, value.__func__)
            elif name in found:
                found[name] = None
    return tuple(rule for rule in found.values() if rule is not None)


def broken(rule: RowRule, rows: pa.Table) -> Any:
    """A mask of the rows that break it. Raises StageError that names a rule that raises, or gives no bool a row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        holds = rule.function(rows)
    except Exception as error:
        raise StageError(f"row rule {rule.name} raised {type(error).__name__}: {bounded(str(error), 200)}") from error
    if not isinstance(holds, pa.Array | pa.ChunkedArray):
        raise StageError(f"row rule {rule.name} gave {bounded(holds)}; expected a pyarrow array of one bool a row")
    if not pa.types.is_boolean(holds.type) or len(holds) != rows.num_rows:
        raise StageError(
            f"row rule {rule.name} gave {len(holds)} of {holds.type} for {rows.num_rows} rows; expected one bool a row"
        )
    return pc.invert(pc.fill_null(holds, True))
