"""Column: what is known of one column of the file, and what a Record says of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from dataclasses import field as given
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from pipeline.errors import bounded

from .python import WIDTH, literal

TYPES: dict[str, Any] = {
    "bool": bool, "int": int, "float": float, "Decimal": Decimal, "date": date, "datetime": datetime, "str": str,
    "list[int]": list[int], "list[float]": list[float], "list[str]": list[str],
}  # fmt: skip
MOST = 200  # different values that are remembered; labels are written out up to so many
MEASURE = re.compile(
    r"\s*[+-]?[\d.,]*\d[\d.,]*\s*%?|\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T]\d.*)?\s*"
)  # a number or a date, of any form
_FEW = 20  # values of a closed set, of a column that is no label
_OFTEN = 25  # rows a value, on the whole, before a set counts as closed


@dataclass
class Column:
    """One column. name: in the file.  field: in the Record.  role: "text", "label", "group", "id", or "" for what only comes along.

    as_text: it is made text, without blanks around it, when it is read.
    blank: how many are a empty text, which a Record does not take for missing.
    values: how often each was seen; None where there are too many.  digits: of a Decimal, how many and how many of them behind the point.  low, high: the least and the greatest number, or length of a text.
    """

    name: str
    field: str
    kind: str
    role: str = ""
    as_text: bool = False
    rows: int = 0
    missing: int = 0
    blank: int = 0
    values: Counter[str] | None = given(default_factory=Counter)
    low: Any = None
    high: Any = None
    digits: tuple[int, int] = (0, 0)
    note: str = ""

    def loosen(self, why: str) -> None:
        """Nothing of this column need cost a row: it is text, as far as this file says."""
        self.kind, self.note = "str", why
        self.low = self.high = None
        self.values = None  # those of the rows before were not counted: what comes now is no closed set

    def forget(self) -> None:
        """All that was seen of it, but not its type."""
        self.rows = self.missing = self.blank = 0
        self.values, self.low, self.high = Counter(), None, None

    @property
    def closed(self) -> tuple[str, ...]:
        """The values of a closed set, in order; none where the set is not closed."""
        if self.kind != "str" or not self.values or self.role in ("text", "id", "group"):
            return ()
        found = tuple(sorted(self.values))
        if self.role == "label":
            return found
        if 2 * sum(MEASURE.fullmatch(value) is not None for value in found) >= len(found):
            return ()  # there is always another number or day
        often = 2 <= len(found) <= _FEW and self.rows >= _OFTEN * len(found)
        return found if often and len(self._literal(found)) + len(self.field) < WIDTH - 16 else ()

    def hint(self) -> Any:
        """What a Record says of it while the rest of the file is still to be read."""
        kind = Annotated[Decimal, self._digits] if self.kind == "Decimal" else TYPES[self.kind]
        if not self.role:
            return kind | None
        return Annotated[kind, Field(min_length=1)] if self.role == "label" else kind

    def annotation(self) -> str:
        """What the Record of the package says of it, as Python source, when the whole file has been read."""
        if self.role == "text":
            return "str"
        if self.role == "id":
            return "Annotated[str, Key()]"
        if self.role == "label":
            return "Label" if self.closed else "Annotated[str, Field(min_length=1)]"
        counts = self.kind == "int" and self.low is not None and self.low >= 0
        kind = self._literal(self.closed) if self.closed else "Annotated[int, Field(ge=0)]" if counts else self.kind
        if kind == "Decimal":
            kind = f"Annotated[Decimal, Field(max_digits={self.digits[0]}, decimal_places={self.digits[1]})]"
        return f"{kind} | None" if self.missing and not self.role else kind

    @property
    def _digits(self) -> Any:
        return Field(max_digits=self.digits[0], decimal_places=self.digits[1])

    def seen(self) -> str:
        """What was seen, in some words."""
        missing = f"{self.missing:,} of {self.rows:,} missing" if self.missing else ""
        return "; ".join(filter(None, [self._range(), missing, self.note]))

    def _range(self) -> str:
        if self.closed:
            shown = [f"{bounded(literal(value), 40)} {count:,}" for value, count in (self.values or Counter()).most_common(4)]
            more = len(self.closed) - len(shown)
            return ", ".join(shown) + (f" and {more:,} more" if more else "")
        if self.low is None:
            return ""
        unit = "" if self.kind != "str" else " character" if self.high == 1 else " characters"
        low, high = map(_shown, (self.low, self.high))
        return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"

    @staticmethod
    def _literal(values: tuple[str, ...]) -> str:
        return f"Literal[{', '.join(map(literal, values))}]"


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if isinstance(value, float) else str(value)
