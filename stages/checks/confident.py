"""ConfidentAndWrong: what a model is sure of, and gets wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Finding, Table

if TYPE_CHECKING:
    import pyarrow as pa


class ConfidentAndWrong(Check):
    """Of the rows that a model is sure of, few are wrong.  Of numbers and of several classes a row there is nothing to be sure of.

    sure: the probability from which on it is.  most: the share of such rows that may be wrong; it fails where the lower end of the 95% interval of
    their share lies above.  model: of all where it is empty.  On the `rows` of an Evaluate.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "scipy")

    name: str = "confident_and_wrong"
    sure: float = Field(default=0.99, gt=0, le=1)
    most: float = Field(default=0.01, ge=0, lt=1)
    model: str = ""
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Table[Any]) -> Iterable[Finding]:
        """One finding a model, with five rows that it is surest of."""
        from .sure import judge_confident

        return judge_confident(self, artifact)

    def failing(self, artifact: Table[Any], findings: Sequence[Finding], before: Any = None) -> Iterator[pa.Table]:
        """The rows that a model is sure of and gets wrong, of the models that fail."""
        from .sure import failing_confident

        return failing_confident(self, artifact, {finding.rule for finding in findings})
