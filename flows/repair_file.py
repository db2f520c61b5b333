"""The file in which people put quarantined rows right: written by `quarantine export`, read by `quarantine replay`.

CSV, for spreadsheets, or JSON Lines.  A row's own columns stand beside why it was turned away; `_identity` says which row it is.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline import UsageError
from pipeline.errors import bounded
from pipeline.repairs import identity

from .spreadsheet import escaped, plain

WHY = ("rule", "column", "value", "source", "line", "key")
Row = Mapping[str, Any]  # of the quarantine


def write(path: Path, rows: Iterable[Row], columns: Sequence[str], places: Mapping[str, str]) -> int:
    """Write quarantined rows; returns how many.

    columns: those a row may have.  places: where a row without a source came from, by its JSON.  Raises UsageError where the file is there
    already.
    """
    _require_kind(path)
    try:
        with path.open("x", encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="") as file:
            if path.suffix == ".csv":
                writer = csv.writer(file)
                writer.writerow([escaped(name) for name in ("_identity", *(f"_{name}" for name in WHY), *columns)])
                count = 0
                for count, row in enumerate(rows, 1):  # noqa: B007  # the last number is the count
                    values = json.loads(row["row"])
                    cells = [identity(row), *_why(row, places), *(values.get(name) for name in columns)]
                    writer.writerow([escaped(cell_of(cell)) for cell in cells])
                return count
            count = 0
            for count, row in enumerate(rows, 1):  # noqa: B007  # likewise
                why = dict(zip((f"_{name}" for name in WHY), _why(row, places), strict=True))
                values = json.loads(row["row"])
                own = {name: values.get(name) for name in columns}
                file.write(json.dumps({"_identity": identity(row), **why, **own}, ensure_ascii=False) + "\n")
            return count
    except FileExistsError:
        raise UsageError(f"{path} is there already, and may hold somebody's repairs; name another file, or remove it") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _why(row: Row, places: Mapping[str, str]) -> list[Any]:
    return [places.get(row["row"]) if name == "source" and row[name] is None else row[name] for name in WHY]


def read(path: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Line, identity and values of each row; of CSV all values are text. Raises UsageError for a file that is not as written.

    CSV may be as spreadsheets save it: with semicolons or tabs, in cp1252.
    """
    _require_kind(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror or error}; brickwise quarantine export PIPELINE STEP writes one"
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if path.suffix != ".csv":
            raise UsageError(f"{path} is no UTF-8: {error.reason}") from error
        text = data.decode("cp1252", errors="replace")
    yield from _csv_rows(path, text) if path.suffix == ".csv" else _json_rows(path, text)


def changed(row: str, values: Mapping[str, Any]) -> str | None:
    """A row, JSON as it was, as the file has it now; None where nobody changed it. A cell that was left alone keeps its type and its null."""
    before = json.loads(row)
    new = {name: value for name, value in values.items() if value not in (before.get(name), cell_of(before.get(name)))}
    if not new:
        return None
    nested = {name for name, value in new.items() if isinstance(value, str) and isinstance(before.get(name), list | dict)}
    return json.dumps(
        before | {name: _nested(value) if name in nested else value for name, value in new.items()}, ensure_ascii=False
    )


def cell_of(value: Any) -> str:
    """A value as a cell: text as it is, nothing for null, else JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _nested(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    csv.field_size_limit(sys.maxsize)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = [plain(name) for name in next(reader, [])]
    if "_identity" not in header:
        raise UsageError(f"{path} has no column _identity, found {bounded(header)}; expected what quarantine export wrote")
    for cells in filter(None, reader):
        if len(cells) != len(header):
            raise UsageError(f"{path}, line {reader.line_num}: {len(cells)} cells, expected {len(header)}")
        values = dict(zip(header, map(plain, cells), strict=True))
        yield reader.line_num, values["_identity"], _own(values)


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for number, line in enumerate(
        io.StringIO(text), 1
    ):  # str.splitlines also cuts at U+0085 and U+2028, which JSON leaves as they are
        try:
            values = json.loads(line)
            yield number, values["_identity"], _own(values)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{path}, line {number}: {type(error).__name__}: {bounded(error)}; expected a JSON object with _identity"
            ) from error


def _own(values: Mapping[str, Any]) -> dict[str, Any]:
    why = {"_identity", "_raw", *(f"_{name}" for name in WHY)}
    return {name: value for name, value in values.items() if name not in why}


def _require_kind(path: Path) -> None:
    if path.suffix not in (".csv", ".jsonl"):
        raise UsageError(f"{path} ends in {path.suffix or 'nothing'!r}, expected .csv or .jsonl")
