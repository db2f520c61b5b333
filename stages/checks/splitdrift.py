"""SplitDrift: whether the rows for testing are like those that are learnt from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pipeline import Finding, Table

from .drift import Drift
from .leakage import require


class SplitDrift(Drift):
    """No column of the test rows has drifted from the training rows of the same table; measured as in Drift, with its fields.

    split: the column that says which is which.  before, after: its values of the rows that are compared.  volume counts for nothing here.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    compares: ClassVar[bool] = False

    name: str = "split_drift"
    severity: Literal["error", "warn"] = "warn"
    split: str = "split"
    before: str = "train"
    after: str = "test"

    def judge(self, artifact: Table[Any], before: Table[Any] | None = None) -> Iterable[Finding]:
        """The rows of both parts, then the measures of each column. Raises UsageError for a column that the table does not have."""
        require(self.name, artifact, {"split": self.split})
        from .compared import RULES, compare

        old, new = (_part(artifact, self.split, part) for part in (self.before, self.after))
        there = min(old.count(), new.count()) > 0
        note = f"{old.count():,} of {self.before}, {new.count():,} of {self.after}"
        yield Finding(
            rule="both parts have rows", column=self.split, evaluated=max(1, artifact.count()), failed=0 if there else 1, passed=there,
            severity=self.severity, note=note,
        )  # fmt: skip
        if there:
            config = self.model_copy(update={"skip": (*self.skip, self.split)})
            for finding in compare(config, new, old):
                if finding.rule in RULES.values():
                    yield finding.model_copy(update={"rule": finding.rule.replace(" before", f" {self.before}")})


def _part(table: Table[Any], split: str, part: str) -> Table[Any]:
    """The rows of a part, a fragment at a time."""
    import pyarrow.compute as pc

    rows = [fragment.read() for fragment in table.split()]
    return Table.of(table.record, *(some.filter(pc.equal(some[split], part)) for some in rows))
