"""Suite: a check made of Great Expectations, declared without importing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import SerializeAsAny

from pipeline import Check, Finding, Table, turned_away

from .expectations import Expectation, Fresh, RowExpectation

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 16_384  # of the rows that broke a rule, so many at a time


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
        from .gx import evaluate

        return self._hinted(evaluate(self.expectations, _read(artifact, self.expectations)))

    def judge_each(self, tables: Sequence[Table[Any]]) -> list[list[Finding]]:
        """All tables in one go, which takes Great Expectations little longer than one; each by itself only when that fails."""
        from .gx import evaluate_each

        return [list(self._hinted(found)) for found in evaluate_each(self.expectations, [table.read() for table in tables])]

    def _hinted(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            yield finding if finding.passed or not self.hint else finding.model_copy(update={"note": self.hint})

    def outside(self) -> Mapping[str, Any]:
        """The day or hour that freshness is judged by: a receipt of another one does not count."""
        moments = {e.now().isoformat() for e in self.expectations if isinstance(e, Fresh)}
        return {"now": sorted(moments)} if moments else {}

    def failing(self, artifact: Table[Any], findings: Iterable[Finding], before: Any = None) -> Iterator[pa.Table]:
        """Every row that broke a rule of these findings, in the quarantine's form, in batches, rule after rule.

        Only rules on rows have such rows; a value that occurs twice gives all rows that have it.  A rule that looks at one row at a time reads
        a fragment at a time; any other reads the columns that it looks at, whole.
        """
        broken = {(finding.rule, finding.column) for finding in findings if finding.failed}
        for expectation in self.expectations:
            rule, column = expectation.sentence(), getattr(expectation, "column", None)
            if (rule, column) in broken and isinstance(expectation, RowExpectation):
                for rows in _by_row(expectation, artifact) if expectation.by_row else _by_table(expectation, artifact):
                    for start in range(0, rows.num_rows, _ROWS):
                        yield turned_away(rows.slice(start, _ROWS), rule, column)


def _read(table: Table[Any], expectations: Sequence[Expectation]) -> pa.Table:
    """What these look at, and no other column."""
    from .gx import blank

    reads = [expectation.reads() for expectation in expectations]
    if any(columns is None for columns in reads):
        return table.read()
    asked = {name for columns in reads for name in columns or ()}
    needed = [name for name in table.record.columns() if name in asked]
    return table.read(needed) if needed else blank(table.count())


def _by_row(expectation: Expectation, table: Table[Any]) -> Iterator[pa.Table]:
    from .gx import broken

    for part in table.split():
        rows = part.read()
        yield rows.take(broken(expectation, rows))


def _by_table(expectation: Expectation, table: Table[Any]) -> Iterator[pa.Table]:
    from .gx import broken

    found = broken(expectation, _read(table, [expectation])).to_numpy()
    start = 0
    for part in table.split():
        end = start + part.count()
        here = found[(found >= start) & (found < end)] - start
        if len(here):
            yield part.read().take(here)
        start = end
