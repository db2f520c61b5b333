"""OneLabel: one text, one label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Finding, Table

from .leakage import require

if TYPE_CHECKING:
    import pyarrow as pa


class OneLabel(Check):
    """No text stands under two labels; texts are the same whatever their case and white space.

    allowed, share: how many rows may do so, as a number and as a share of all; the larger counts.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")

    name: str = "one_label"
    text: str = "text"
    label: str = "label"
    allowed: int = Field(default=0, ge=0)
    share: float = Field(default=0.0, ge=0, lt=1)
    severity: Literal["error", "warn"] = "error"

    def judge(self, artifact: Table[Any]) -> Iterable[Finding]:
        """One finding. Raises UsageError for a column that the table does not have."""
        require(self.name, artifact, {"text": self.text, "label": self.label})
        from .repeats import judge_labels

        return judge_labels(self, artifact)

    def failing(self, artifact: Table[Any], findings: Sequence[Finding], before: Any = None) -> Iterator[pa.Table]:
        """Every row whose text stands under two labels; `value` is those labels."""
        from .repeats import failing_labels

        return failing_labels(self, artifact)
