"""Where rows stand, and lines that are no rows, for the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from pipeline import LINE, SOURCE, turned_away

from .encodings import shown

_RAW = "_raw"  # no column of a Record is called so


def placed(rows: pa.Table, name: str, lines: Any) -> pa.Table:
    """The rows with SOURCE and LINE. lines: a number a row."""
    numbers = pa.array(lines, pa.int64())
    names = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), len(numbers)), pa.array([name], pa.string()))
    schema = pa.schema([*rows.schema, pa.field(SOURCE, names.type), pa.field(LINE, pa.int64())])
    return pa.table([*rows.columns, names, numbers], schema=schema)  # also where the rows have no column


def lines_away(name: str, lines: Sequence[tuple[int, bytes, str]]) -> list[pa.Table]:
    """A table of (line, its bytes, why it is no row) in the order of the lines, or none; the row is its text, as `_raw`."""
    if not lines:
        return []
    numbers, texts, rules = zip(*sorted(lines), strict=True)
    texts = tuple(shown(raw.removesuffix(b"\n").removesuffix(b"\r")) for raw in texts)
    rows = pa.table({SOURCE: [name] * len(lines), LINE: pa.array(numbers, pa.int64()), _RAW: texts})
    away = turned_away(rows, "")
    return [away.set_column(away.schema.get_field_index("rule"), "rule", pa.array(rules, pa.string()))]
