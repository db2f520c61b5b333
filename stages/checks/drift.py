"""Drift: what may not have changed between the champion's data and these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Finding, Table, UsageError
from pipeline.errors import suggest

if TYPE_CHECKING:
    import pyarrow as pa

Share = Annotated[float, Field(ge=0, le=1)]


class Drift(Check):
    """No column has drifted from the champion's data; what is measured, and what to do when it blocks: docs/drift.md.

    An effect is a difference between two shares of rows, in [0, 1], less what chance alone gives.  A finding blocks where the effect is above
    its threshold and its permutation p-value, corrected for all that were tested (Holm), is below `alpha`.

    columns: column -> threshold of its own; of a nested column by its path, `address.zip`.  label: of the column `label`.
    default: of all others.
    unseen: threshold of what one side lacks: new and vanished categories, new characters of a text, nulls where there were none.
    skip: columns that are left out; so are keys and `group`, unless `columns` or `categories` names them.  Of a column of identifiers (strings of
    printable ASCII with a digit and no space, nearly all different, in both tables) only the nulls are compared, unless `columns` names it.
    categories: columns of strings that are categories, however many values they have; `label` always is one.
    volume: how many times more or fewer rows there may be.
    sample: rows of each table that are compared, drawn by position with a fixed seed; all where there are no more.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    compares: ClassVar[bool] = True

    name: str = "drift"
    columns: dict[str, Share] = {}
    label: Share = 0.05
    default: Share = 0.1
    unseen: Share = 0.005
    skip: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    alpha: float = Field(default=0.01, gt=0, lt=1)
    volume: float = Field(default=2.0, gt=1)
    sample: int = Field(default=20_000, ge=100)
    severity: Literal["error", "warn"] = "error"

    def judge(self, artifact: Table[Any], before: Table[Any] | None = None) -> Iterable[Finding]:
        """The number of rows, then the measures of each column, then the order of rows.

        Raises UsageError for a column in the config that the table does not have.
        """
        if before is None or (artifact.digest and artifact.digest == before.digest):
            note = "nothing to compare with: no champion has other data" if before is None else "these are the champion's data"
            rows = artifact.count()
            return [Finding(rule="keeps to the champion's data", evaluated=rows, failed=0, passed=True, note=note)]
        from .compared import compare

        return compare(self, artifact, before)

    def failing(self, artifact: Table[Any], findings: Sequence[Finding], before: Any = None) -> Iterator[pa.Table]:
        """All rows with a new category, new characters, a null where there was none, or a number out of the champion's range.

        What else may drift is a property of all rows, for which none is to blame.
        """
        if before is None:
            return iter(())
        from .unheard import unheard

        return unheard(artifact, before, findings)

    def of(self, columns: Iterable[str], key: Iterable[str]) -> list[str]:
        """The columns to compare, of those that a table has."""
        known = list(columns)
        for field in ("columns", "skip", "categories"):
            for name in getattr(self, field):
                if name not in known:
                    raise UsageError(f"check {self.name!r}: {field} names {name!r}, which is no column; {suggest(name, known)}")
        new_each_time = {*key, "group"} - {*self.categories}
        left_out = {*self.skip, *new_each_time} - self.columns.keys()
        return [name for name in known if name not in left_out]
