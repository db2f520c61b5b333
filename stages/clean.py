"""Clean: turn away what nobody could learn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from pydantic import Field

from pipeline import Stage, Table, record_of, sift
from schemas import Record, Text

from .texts import changed

if TYPE_CHECKING:
    import pyarrow as pa

R = TypeVar("R", bound=Record)

_MAY_COMPOSE = r"[^\x00-\x{2ff}]"  # all text of the characters before is in form NFC
_ODD_BLANKS = r"\p{C}|[^\P{Z} ]|  |^ | $"


class Clean(Stage, Generic[R]):
    """Normalise text; turn away rows that are too short or have no letters.

    rows: n rows, any order.  Returns m <= n rows of `Clean[YourRecord]`, order kept; the other n - m are quarantined.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    min_chars: int = Field(default=20, ge=1, description="characters, not bytes")

    def map(self, rows: Table[Text]) -> Table[R]:
        """One fragment."""
        import pyarrow.compute as pc

        table = normalise(rows.read())
        text = table["text"]
        kept, away = sift(
            table,
            [
                (f"is shorter than {self.min_chars} characters", "text", pc.less(pc.utf8_length(text), self.min_chars)),
                ("has no letters", "text", pc.invert(pc.match_substring_regex(text, r"\p{L}"))),
            ],
        )
        return Table.of(record_of(self), kept, turned_away=away)


class Deduplicate(Stage, Generic[R]):
    """Keep the first row of each text; turn away the others, quoting the text they repeat.

    rows: n rows.  Returns m <= n rows, order and fragments kept, so what stays is a pure function of the rows and their order,
    and rows added at the end leave the fragments before them as they were.  Memory: 24 bytes a row, and a fragment.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")

    def run(self, rows: Table[Text]) -> Iterator[Table[R]]:
        """All fragments, since a text may stand anywhere; twice, since a hash tells only which texts may repeat another."""
        import numpy as np
        import pyarrow as pa

        hashes = [np.fromiter(map(hash, part.read(["text"])["text"].to_pylist()), np.int64) for part in rows.split()]
        ordered = np.sort(np.concatenate(hashes))
        candidates = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        seen: set[str] = set()
        for part, found in zip(rows.split(), hashes, strict=True):
            table = part.read()
            repeats = np.zeros(table.num_rows, bool)
            for row in np.flatnonzero(np.isin(found, candidates)).tolist():
                text = table["text"][row].as_py()
                repeats[row] = text in seen
                seen.add(text)
            kept, away = sift(table, [("repeats an earlier text", "text", pa.chunked_array([pa.array(repeats)]))])
            yield Table.of(record_of(self), kept, turned_away=away)


def normalise(table: pa.Table) -> pa.Table:
    """The table with its text in Unicode form NFC, control characters and runs of white space made one blank."""
    import pyarrow.compute as pc

    text = changed(table["text"], _MAY_COMPOSE, lambda some: pc.utf8_normalize(some, "NFC"))
    text = changed(
        text, _ODD_BLANKS, lambda some: pc.utf8_trim_whitespace(pc.replace_substring_regex(some, r"[\s\p{Z}\p{C}]+", " "))
    )
    return table.set_column(table.schema.get_field_index("text"), "text", text)
