"""A CSV file with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import StageError, UsageError
from pipeline.digest import digest_file
from pipeline.errors import bounded

from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa


class CsvFile(Source):
    """Rows of a UTF-8 CSV file whose first line names the columns; lines with too many or too few fields are quarantined.

    path: relative to the working directory.  Values stay text; the Record casts them.
    """

    path: Path

    def state(self) -> Mapping[str, Any]:
        """The file's digest. Raises UsageError for a file that is missing, empty or not readable."""
        try:
            if self.path.exists() and not self.path.is_file():
                raise UsageError(f"source {self.path} is no file, expected a CSV file")
            if not self.path.stat().st_size:
                raise UsageError(f"source {self.path} is empty, expected a header line and rows")
            return {str(self.path): digest_file(self.path)}
        except OSError as error:
            raise UsageError(
                f"source {self.path} cannot be read: {error.strerror or error}; expected a CSV file, relative to the folder you run in"
            ) from error

    def read(self) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """The whole file as one fragment. Raises StageError for bytes that are not UTF-8."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        from pipeline import turned_away

        ragged: list[pa.Table] = []

        def keep_ragged(row: Any) -> str:
            reason = f"has {row.actual_columns} fields, expected {row.expected_columns}"
            ragged.append(turned_away(pa.table({"line": [row.number], "text": [row.text]}), reason))
            return "skip"

        try:
            header = self._header()
            rows = arrow_csv.read_csv(
                self.path,
                read_options=arrow_csv.ReadOptions(use_threads=False),
                parse_options=arrow_csv.ParseOptions(invalid_row_handler=keep_ragged, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
            )
        except (ValueError, OSError) as error:  # ArrowInvalid and UnicodeDecodeError are ValueErrors
            raise StageError(f"source {self.path} is not UTF-8 CSV with a header: {error}") from error
        yield rows, ragged

    def _header(self) -> list[str]:
        """The names of the first line that is not empty; Arrow tells them only after it has guessed types."""
        with self.path.open(encoding="utf-8-sig", newline="") as lines:
            header = next((row for row in csv.reader(lines) if row), [])
        if len(set(header)) < len(header):
            raise ValueError(f"the header names a column twice: {bounded(header)}")
        return header
