"""Giveaway: one feature that says the label all by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Finding, Table

from .leakage import require


class Giveaway(Check):
    """No column, and no word of the text, alone says a row's label: what does is more often an error in the data than a fact.

    Of each column, the most frequent training label of each value (of numbers, of each of 50 ranges) is held against the test rows; of the text, the presence of a
    word.  It fails where that is right in at least `limit` of the test rows that it concerns, by the lower end of the 95%
    interval, and where guessing among these is not: a column concerns all, a word those that hold it.
    words: how many of the most frequent are looked at; 0 for none.  share: of the test rows that a word must concern.
    skip: columns that are left out, beside key, split, group, label and text.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "scipy")

    name: str = "giveaway"
    split: str = "split"
    label: str = "label"
    text: str | None = "text"
    group: str | None = "group"
    skip: tuple[str, ...] = ()
    limit: float = Field(default=0.95, gt=0, le=1)
    words: int = Field(default=2000, ge=0)
    share: float = Field(default=0.01, gt=0, le=1)
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Table[Any]) -> Iterable[Finding]:
        """One finding a column, and one on all words. Raises UsageError for a column that the table does not have."""
        named = {"split": self.split, "label": self.label, "text": self.text, "group": self.group}
        require(self.name, artifact, named | {f"skip[{at}]": name for at, name in enumerate(self.skip)})
        from .alone import judge_giveaway

        return judge_giveaway(self, artifact)
