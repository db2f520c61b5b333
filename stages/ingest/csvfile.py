"""CSV files with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import LINE, SOURCE, StageError, UsageError
from pipeline.digest import digest_file
from pipeline.errors import bounded

from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa


class CsvFile(Source):
    """Rows of UTF-8 CSV files whose first line names the columns; lines with too many or too few fields are quarantined.

    path: one file, or a pattern such as `days/*.csv` for all that fit, in the order of their names; relative to the working
    directory.  Values stay text; the Record casts them.
    """

    path: Path

    def state(self) -> Mapping[str, Any]:
        """The digest of each file. Raises UsageError for one that is missing, empty or not readable."""
        text = str(self.path)
        if not has_magic(text) or self.path.exists():
            return {text: self._digest(self.path)}
        files = sorted(file for file in glob(text, recursive=True) if Path(file).is_file())  # noqa: PTH207  # Path.glob takes no absolute pattern
        if not files:
            raise UsageError(f"source {text}: no file fits, expected CSV files, relative to {Path.cwd()}")
        return {file: self._digest(Path(file)) for file in files}

    def state_of(self, name: str) -> str:
        """The file's digest."""
        return self._digest(Path(name))

    def _digest(self, path: Path) -> str:
        try:
            if path.exists() and not path.is_file():
                raise UsageError(f"source {path} is no file, expected a CSV file")
            if not path.stat().st_size:
                raise UsageError(f"source {path} is empty, expected a header line and rows")
            return digest_file(path)
        except OSError as error:
            raise UsageError(
                f"source {path} cannot be read: {error.strerror or error}; expected a CSV file, relative to the folder you run in"
            ) from error

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """One file, a block at a time. Raises StageError for bytes that are not UTF-8."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        from pipeline import turned_away

        ragged: list[pa.Table] = []

        def keep_ragged(row: Any) -> str:
            reason = f"has {row.actual_columns} fields, expected {row.expected_columns}"
            ragged.append(turned_away(pa.table({SOURCE: [name], LINE: [row.number], "text": [row.text]}), reason))
            return "skip"

        try:
            reader = arrow_csv.open_csv(
                name,
                read_options=arrow_csv.ReadOptions(use_threads=False),
                parse_options=arrow_csv.ParseOptions(invalid_row_handler=keep_ragged, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(_header(Path(name)), pa.string())),
            )
            yield reader.schema.empty_table(), []
            for batch in reader:
                yield pa.Table.from_batches([batch]), ragged.copy()
                ragged.clear()
        except (ValueError, OSError) as error:  # ArrowInvalid and UnicodeDecodeError are ValueErrors
            raise StageError(f"source {name} is not UTF-8 CSV with a header: {error}") from error
        if ragged:
            yield reader.schema.empty_table(), ragged


def _header(path: Path) -> list[str]:
    """The names of the first line that is not empty; Arrow tells them only after it has guessed types."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next((row for row in csv.reader(lines) if row), [])
    if len(set(header)) < len(header):
        raise ValueError(f"the header names a column twice: {bounded(header)}")
    return header
