"""CSV and TSV files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline import report

from .encodings import known_encoding
from .files import Files

if TYPE_CHECKING:
    import pyarrow as pa

    from .archives import Part

Letter = Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[\x01-\x09\x0b\x0c\x0e-\x7f]$")]


class CsvFile(Files):
    """Rows of text files, a record a line or more, their values separated by commas, tabs or what else is found.

    Values stay text; the Record casts them.  Turned away, with its line, is a record with too many or too few values, with bytes that are
    no text in the file's encoding or a NUL, longer than `max_row` bytes, or in which a quote is not closed: of the last its first line
    alone, so that what follows is read.  Empty lines are no rows.

    columns: their names, where the file has no line that names them.  skip_lines: lines before that, or before the first row.
    header: what the line says that names them, where `columns` gives them other names; a file whose header is another is refused.
    delimiter, quote, escape: one character, or None to find it from the first 256 KiB; quote and escape may be empty for none.
    encoding: as Python calls it, or None to find it; a byte order mark goes before both.  What was found is noted in the progress.
    nulls: what stands for no value, such as "?" or "NA", whatever blanks are around it.  strip: take blanks off all values.
    """

    columns: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    header: tuple[str, ...] = ()
    skip_lines: int = Field(default=0, ge=0, le=1000)
    delimiter: Letter | None = None
    quote: Letter | Annotated[str, Field(max_length=0)] | None = None
    escape: Letter | Annotated[str, Field(max_length=0)] | None = None
    encoding: Annotated[str | None, AfterValidator(known_encoding)] = None
    nulls: tuple[str, ...] = ()
    strip: bool = False
    max_row: int = Field(
        default=4 * 2**20, ge=1, le=2**30, description="bytes of one record, and how far a quote is looked for that closes"
    )

    @model_validator(mode="after")
    def _differing(self) -> CsvFile:
        letters = [letter for letter in (self.delimiter, self.quote, self.escape) if letter]
        if len(set(letters)) < len(letters):
            raise ValueError(f"delimiter, quote and escape must differ; found {letters}")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"columns names one twice: {list(self.columns)}")
        if self.header and len(self.header) != len(self.columns):
            raise ValueError(f"header has {len(self.header)} names, columns {len(self.columns)}; expected one each")
        return self

    def rows(self, part: Part) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """One file, a block at a time. Raises StageError for a file without a header, or with one that names a column twice."""
        from .csvrows import csv_rows

        yield from csv_rows(self, part, lambda found: report(0, 1, f"note: {part.name} {found}"))
