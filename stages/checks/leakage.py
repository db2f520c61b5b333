"""Leakage: what a model may not see again in the part it is measured on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from pipeline import Check, Finding, Table, UsageError
from pipeline.errors import suggest

if TYPE_CHECKING:
    import pyarrow as pa


class Leakage(Check):
    """No row of a later part repeats one of an earlier part: the same row, text or group, or nearly the same text.

    parts: the values of the column `split`, those that are learnt from first.  A row of another part fails, and so does a part without rows.
    text: the column of the text, compared in lower case, every run of white space one blank.  near: of two texts, the share of their runs of five
    characters that both have (Jaccard), from which on they are near-duplicates; 0.8 is some words changed in a sentence.
    group: the column whose equal values must stay together.  text, group: None where there is none.
    ignore: columns that do not count for "the same row", beside keys, split and group.
    allowed, share: how many rows of a part may fail a rule, as a number and as a share; the larger counts.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")

    name: str = "leakage"
    split: str = "split"
    parts: tuple[str, ...] = Field(default=("train", "valid", "test"), min_length=2)
    text: str | None = "text"
    group: str | None = "group"
    near: float = Field(default=0.8, gt=0, le=1)
    ignore: tuple[str, ...] = ()
    allowed: int = Field(default=0, ge=0)
    share: float = Field(default=0.0, ge=0, lt=1)
    severity: Literal["error", "warn"] = "error"

    @model_validator(mode="after")
    def _different(self) -> Leakage:
        if len(set(self.parts)) < len(self.parts):
            raise ValueError(f"parts {list(self.parts)} name one twice")
        return self

    def judge(self, artifact: Table[Any]) -> Iterable[Finding]:
        """The parts, then each rule on each pair of parts. Raises UsageError for a column that the table does not have."""
        self._require(artifact)
        from .repeats import judge_leakage

        return judge_leakage(self, artifact)

    def failing(self, artifact: Table[Any], findings: Sequence[Finding], before: Any = None) -> Iterator[pa.Table]:
        """The rows that fail those rules; `value` is what they repeat."""
        self._require(artifact)
        from .repeats import failing_leakage

        return failing_leakage(self, artifact, {finding.rule for finding in findings})

    def _require(self, table: Table[Any]) -> None:
        require(self.name, table, {"split": self.split, "text": self.text, "group": self.group})
        require(self.name, table, {f"ignore[{at}]": name for at, name in enumerate(self.ignore)})


def require(check: str, table: Table[Any], named: dict[str, str | None]) -> None:
    """Refuse columns that a table does not have, by the field of the check that names them. Raises UsageError."""
    known = list(table.record.columns())
    for field, column in named.items():
        if column is not None and column not in known:
            raise UsageError(
                f"check {check!r}: {field} is the column {column!r}, which {table.record.__name__} does not have; "
                f"{suggest(column, known)}; columns: {', '.join(known)}"
            )
