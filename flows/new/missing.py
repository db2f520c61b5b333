"""Missing: what stands for no value in a CSV file, and whether its values have blanks around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from stages import CsvFile

from .column import MEASURE
from .guess import reads_as

if TYPE_CHECKING:
    import pyarrow as pa

_ALWAYS = ("?", "N/A", "n/a", "#N/A", "NULL", "<NA>")  # no value, whatever the column holds
_NEARLY = 0.9  # of the values: one "five" makes no words of the others
_OF_NUMBERS = ("NA", "null", "None", "-", "--", ".", "na")  # no value where all others are numbers or dates: Namibia is NA too

_MOST_COLUMNS = 100  # that are looked at


def with_missing(source: CsvFile, rows: pa.Table, label: str) -> CsvFile:
    """The source, told what to take for missing, and to take blanks off, as its first rows suggest. A label is never missing for it."""
    columns = [rows[name] for name in rows.column_names[:_MOST_COLUMNS]]
    labels = set(map(str.strip, filter(None, rows[label].to_pylist()))) if label in rows.column_names else set()
    found = {
        word: None
        for values in columns
        for word, often in _words(values).items()
        if often and word not in labels and (word in _ALWAYS or _else_numbers(values))
    }
    untidy = any(_share_untidy(values) > 0.5 for values in columns)
    return source.model_copy(update={"nulls": tuple(found), "strip": untidy})


def _words(values: pa.ChunkedArray) -> dict[str, int]:
    trimmed = pc.utf8_trim_whitespace(values)
    counts = {word: pc.sum(pc.equal(trimmed, word)).as_py() or 0 for word in (*_ALWAYS, *_OF_NUMBERS)}
    return {word: count for word, count in counts.items() if count and 2 * count < len(values)}


def _else_numbers(values: pa.ChunkedArray) -> bool:
    import pyarrow as pa

    trimmed = pc.utf8_trim_whitespace(values)
    others = values.filter(pc.invert(pc.is_in(trimmed, value_set=pa.array([*_ALWAYS, *_OF_NUMBERS, ""]))))
    measures = pc.sum(pc.match_substring_regex(others, f"^({MEASURE.pattern})$")).as_py() or 0
    return bool(len(others)) and (
        measures >= _NEARLY * len(others) or any(reads_as(kind, others) for kind in ("float", "date", "datetime"))
    )


def _share_untidy(values: pa.ChunkedArray) -> float:
    untidy = pc.sum(pc.not_equal(pc.utf8_trim_whitespace(values), values)).as_py() or 0
    return float(untidy) / max(len(values), 1)
