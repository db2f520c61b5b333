"""Finding: what a check before or during training saw, beside what it expected."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from pipeline.digest import Json


@dataclass(frozen=True)
class Finding:
    """check: its name.  epoch: 0 before the first."""

    check: str
    ok: bool
    found: str
    expected: str
    epoch: int = 0

    def document(self) -> Json:
        """As JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.check}: found {self.found}, expected {self.expected}"
