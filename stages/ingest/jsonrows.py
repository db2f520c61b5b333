"""Rows of JSON lines: pyarrow reads blocks of them, and Python those blocks in which it finds something odd."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import json as arrow_json

from pipeline import LINE, SOURCE, StageError

from .archives import seekable
from .away import lines_away, placed
from .dialect import Dialect
from .encodings import utf8_blocks
from .jsontypes import array_of, type_of, unified
from .records import Records, records

if TYPE_CHECKING:
    from .archives import Part

_DEEP = 100  # Arrow's parser calls itself for each level, and breaks the process after some thousand
_LINES = Dialect(",", "", "")


def json_rows(part: Part, max_row: int, tell: Callable[[str], None]) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
    """One file's rows, a block at a time, with where they stand, and what was turned away."""
    with seekable(part) as file:
        kind: pa.DataType = pa.struct([])
        for found in records(utf8_blocks(file, "utf-8", tell), _LINES, max_row):
            kind = unified(kind, _block_type(part.name, found))
        file.seek(0)
        schema = pa.schema(list(kind))
        yield placed(schema.empty_table(), part.name, []), []
        for found in records(utf8_blocks(file, "utf-8", lambda _: None), _LINES, max_row):
            rows, away = _block(part.name, found, schema)
            if rows.num_rows or away:
                yield rows, away


def _block_type(name: str, found: Records) -> pa.DataType:
    """The type of the rows in a block, a struct."""
    data, lines = _whole(found)
    rows = _quick(data, len(lines), None)
    if rows is not None:
        return unified(pa.struct([]), pa.struct(list(rows.schema)))
    read = _slow(found, lines)
    if (
        len(lines)
        and found.lines[lines[0]] == 1
        and found.data[found.starts[lines[0]] : found.ends[lines[0]]].strip() in (b"[", b"[{")
    ):
        raise StageError(
            f"source {name} is one JSON array over many lines; expected a JSON object a line, as `jq -c '.[]'` writes it"
        )
    return unified(pa.struct([]), type_of([row for _, row in read if isinstance(row, dict)]))


def _block(name: str, found: Records, schema: pa.Schema) -> tuple[pa.Table, list[pa.Table]]:
    data, lines = _whole(found)
    rows = _quick(data, len(lines), schema)
    away = [(line, raw, why) for line, raw, why in found.skipped]
    away += [(int(found.lines[i]), found.data[found.starts[i] : found.ends[i]], why) for i, why in found.broken.items()]
    if rows is None:
        read = _slow(found, lines)
        kept = [(line, row) for line, row in read if isinstance(row, dict)]
        away += [
            (int(found.lines[i]), found.data[found.starts[i] : found.ends[i]], why) for i, why in read if isinstance(why, str)
        ]
        columns = [array_of([row.get(field.name) for _, row in kept], field.type) for field in schema]
        rows, lines = pa.table(columns, schema=schema), np.array([line for line, _ in kept], np.int64)
    return placed(rows, name, found.lines[lines]), lines_away(name, away)


def _whole(found: Records) -> tuple[bytes, Any]:
    """The lines of a block that hold something and are not too long, and which those are."""
    text = np.ones(len(found.starts), bool)
    if len(text):
        for index in np.flatnonzero(np.frombuffer(found.data, np.uint8)[found.starts] != ord("{")).tolist():
            text[index] = bool(found.data[found.starts[index] : found.ends[index]].strip())
    text[list(found.broken)] = False
    lines = np.flatnonzero(text)
    if len(lines) == len(text):
        return found.data, lines
    return b"".join(found.data[found.starts[i] : found.ends[i]] for i in lines.tolist()), lines


def _quick(data: bytes, count: int, schema: pa.Schema | None) -> pa.Table | None:
    """What pyarrow reads, or None where it would refuse, lose or break something."""
    if not data or b"\0" in data or b"\\u0000" in data or _deep(data, count):
        return None
    try:
        if not data.isascii():
            data.decode()
        rows = arrow_json.read_json(
            pa.BufferReader(data),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=arrow_json.ParseOptions(explicit_schema=schema, newlines_in_values=False),
        )
        rows.validate()  # it makes lists of nulls that have too few
    except (UnicodeDecodeError, pa.ArrowException, KeyError):
        return None
    if rows.num_rows != count or not rows.column_names or (schema is not None and rows.schema != schema):
        return None
    if any("double" in str(field.type) for field in rows.schema) and _long_number(data):
        return None  # a whole number that no int64 holds would be rounded
    return rows


def _deep(data: bytes, count: int) -> bool:
    """Whether some line may have more levels than Arrow survives; brackets inside text count too."""
    if data.count(b"[") + data.count(b"{") < count + _DEEP:
        return False
    letters = np.frombuffer(data, np.uint8)
    starts = np.append(0, np.flatnonzero((letters == 10) | (letters == 13)) + 1)
    opened = np.diff(
        np.searchsorted(np.flatnonzero((letters == ord("[")) | (letters == ord("{"))), np.append(starts, len(data)))
    )
    if opened.max() <= _DEEP:
        return False
    steps = ((letters == ord("[")) | (letters == ord("{"))).astype(np.int32) - ((letters == ord("]")) | (letters == ord("}")))
    depth = np.cumsum(steps)
    starts = starts[starts < len(data)]
    return bool((np.maximum.reduceat(depth, starts) - np.append(0, depth[starts[1:] - 1])).max() > _DEEP)


def _long_number(data: bytes) -> bool:
    """Whether 16 digits stand in a row: from 2**53 on a double does not hold every whole number."""
    return re.search(rb"\d{16}", data) is not None


def _slow(found: Records, lines: Any) -> list[tuple[int, dict[str, Any] | str]]:
    """(index of a line, its row or why it is none)."""
    return [(i, _row(found.data[found.starts[i] : found.ends[i]])) for i in lines.tolist()]


def _row(raw: bytes) -> dict[str, Any] | str:
    try:
        row = _DECODER.decode(raw.decode().rstrip("\r\n"))
        if b"\\u" in raw:
            json.dumps(row, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return "holds bytes that are not UTF-8"
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, which no text has"
    except json.JSONDecodeError as error:
        return f"is no JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        return "is nested too deep"
    except ValueError as error:
        return str(error)
    return row if isinstance(row, dict) else f"is no JSON object but a {type(row).__name__}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"names the key {twice[:80]!r} twice")
    if SOURCE in found or LINE in found:
        raise ValueError("has a NUL in the name of a key")
    return found


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("holds a number that is too large for a float")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float)
