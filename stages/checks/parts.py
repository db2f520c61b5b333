"""LabelsInParts: each label is learnt and tested."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Finding, Table
from pipeline.errors import bounded

from .leakage import require

_SHOWN = 5


class LabelsInParts(Check):
    """Every label of the table stands in each of these parts of the split: a metric says nothing of a label that its part lacks."""

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    name: str = "labels_in_parts"
    split: str = "split"
    label: str = "label"
    parts: tuple[str, ...] = Field(default=("train", "test"), min_length=1)
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Table[Any]) -> Iterable[Finding]:
        """One finding: of each label and part, whether there is a row. Raises UsageError for a column that the table does not have."""
        require(self.name, artifact, {"split": self.split, "label": self.label})
        seen: set[tuple[Any, Any]] = set()
        for fragment in artifact.split():
            pairs = fragment.read([self.split, self.label]).group_by([self.split, self.label]).aggregate([])
            seen |= set(zip(pairs[self.split].to_pylist(), pairs[self.label].to_pylist(), strict=True))
        labels = sorted({label for _, label in seen if label is not None}, key=str)
        lacking = [(part, label) for part in self.parts for label in labels if (part, label) not in seen]
        yield Finding(
            rule=f"every label stands in {' and '.join(self.parts)}",
            column=self.label,
            evaluated=len(labels) * len(self.parts),
            failed=len(lacking),
            passed=not lacking,
            severity=self.severity,
            examples=tuple(f"{bounded(label, 40)} not in {part}" for part, label in lacking[:_SHOWN]),
        )
