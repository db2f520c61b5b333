"""Survey: what became of the rows of a file, and what its columns hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stages import Columns, Source

from .column import Column

Reasons = Counter[tuple[str, str]]  # (column, rule) -> rows
MIN_CHARS = 1


@dataclass
class Survey:
    """What became of the rows. away: by source and contract; cleaned: by Clean; repeats: of a text that came before.

    labels: of the rows that are left.  groups: group -> labels of its rows, where there are not too many groups.
    conflicts: rows whose text stands under two labels, whatever its case.  words: in one text of twenty there are more.
    """

    columns: list[Column]
    source: Columns
    rows: int = 0
    away: Reasons = field(default_factory=Counter)
    cleaned: Reasons = field(default_factory=Counter)
    repeats: int = 0
    conflicts: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    groups: dict[str, Counter[str]] | None = None
    words: int = 0
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Rows that reach the split."""
        return self.labels.total()

    def column(self, role: str) -> Column | None:
        """The column that plays a part."""
        return next((column for column in self.columns if column.role == role), None)


def named(of: Source, columns: list[Column]) -> Columns:
    """The source under the names of the Record."""
    return Columns(
        of=of,
        names={column.field: column.name for column in columns if column.field != column.name},
        as_text=tuple(column.field for column in columns if column.as_text),
        id_from=() if any(column.role == "id" for column in columns) else ("text",),
    )
