"""Limit: how many rows a step may turn away before it blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import Field, model_validator

from .check import Check, Finding
from .errors import bounded
from .quarantine import Quarantined
from .table import Table

QUARANTINE = "quarantine"  # what a check of it names as its port


@dataclass(frozen=True)
class Sifted:
    """What became of the rows that reached a step: how many it let through, and those that it turned away."""

    accepted: int
    away: Table[Quarantined] | None
    digest: str


class Limit(Check):
    """At most so many rows are turned away: of all that reached the step, a fraction, a count, or both.

    rule, column: only rows turned away for a reason that begins with these words, or for this column; by default all.
    """

    name: str = "limit"
    on: str = QUARANTINE
    rule: str = ""
    column: str | None = None
    fraction: float | None = Field(default=None, ge=0, le=1)
    count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _limits_something(self) -> Limit:
        if self.fraction is None and self.count is None:
            raise ValueError("neither fraction nor count is given, expected one of them, such as Limit(fraction=0.01)")
        return self

    def judge(self, artifact: Sifted) -> Iterable[Finding]:
        """One finding; its examples are what was turned away first."""
        failed, examples = 0, list[str]()
        for part in artifact.away.split() if artifact.away else ():
            for row in part.read(["rule", "column", "value", "row"]).to_pylist():
                if row["rule"].startswith(self.rule) and self.column in (None, row["column"]):
                    failed += 1
                    examples += [bounded(row["row"] if row["value"] is None else row["value"])] if len(examples) < 5 else []
        rows = artifact.accepted + (artifact.away.count() if artifact.away else 0)
        share = rows if self.fraction is None else int(rows * Fraction(repr(self.fraction)))  # 0.29 of 100 is 29; of floats, 28
        allowed = min(share, rows if self.count is None else self.count)
        yield Finding(
            rule=f"at most {self._allowed()} turned away{f', because {self.rule}' if self.rule else ''}",
            column=self.column,
            evaluated=rows,
            failed=failed,
            passed=failed <= allowed,
            examples=tuple(examples),
        )

    def _allowed(self) -> str:
        parts: list[Any] = [f"{self.fraction:.4g} of the rows"] if self.fraction is not None else []
        return " and ".join(parts + ([f"{self.count:,} rows"] if self.count is not None else []))
