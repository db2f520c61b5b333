"""What a row says: the text of the rows that an evaluation read, or their first columns where there is no text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Table

_LONGEST = 1_000  # characters that are looked at
_COLUMNS = 4
_KNOWN = {"id", "split", "group", "label"}


def row_texts(table: Table[Any], ids: pa.Array) -> dict[str, str]:
    """id -> text, of these ids; a fragment in memory at a time. Raises DamagedError."""
    found: dict[str, str] = {}
    for fragment in table.split():
        rows = fragment.read()
        if "id" not in rows.column_names:
            return {}
        rows = rows.filter(pc.is_in(rows["id"], value_set=ids))
        found.update(zip(rows["id"].to_pylist(), _said(rows), strict=True))
    return found


def _said(rows: pa.Table) -> list[str]:
    if "text" in rows.column_names and pa.types.is_string(rows["text"].type):
        return pc.utf8_slice_codeunits(pc.fill_null(rows["text"], ""), 0, _LONGEST).to_pylist()  # type: ignore[no-any-return]
    names = [name for name in rows.column_names if name not in _KNOWN][:_COLUMNS]
    cells = [rows[name].to_pylist() for name in names]
    return [
        " · ".join(
            f"{name}: {str(value)[: _LONGEST // _COLUMNS]}" for name, value in zip(names, row, strict=True) if value is not None
        )
        for row in (zip(*cells, strict=True) if cells else [()] * rows.num_rows)
    ]
