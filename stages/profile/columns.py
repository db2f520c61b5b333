"""One column: what is added up while fragments pass, and the document it comes to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .associations import MOST_LEVELS, Feature
from .kinds import as_floats, kind_of, plain, quoted, sizes
from .numbers import Moments, numbers_document
from .sketch import Counts, Distinct

EXAMPLES = 5
TOP = 20
_EXACT = 2_000  # different values that are counted on all rows
_PREFIX = 256  # characters of a text that a sample keeps


class Column:
    """Everything about one column that is known from all rows; the rest comes from the sample."""

    def __init__(self, name: str, type_: pa.DataType, most: int) -> None:
        self.name = name
        self.kind = kind_of(type_)
        self._type = type_
        self._rows = self._nulls = self._blank = 0
        self._distinct = Distinct(most)
        self._counts = Counts(_EXACT)
        self._moments = Moments()
        self._examples: dict[str, None] = {}

    def add(self, column: pa.ChunkedArray) -> None:
        """One part, as `plain` gives it."""
        self._rows += len(column)
        self._nulls += column.null_count
        values = column.drop_null()
        if self.kind in ("number", "time"):
            self._moments.add(values)
        elif self.kind in ("text", "bytes", "list"):
            self._moments.add(sizes(values, self.kind))
        if self.kind in ("list", "other"):  # lists and structs have no one form to be counted by
            self._exemplify(values.slice(0, EXAMPLES))
            return
        counted = pc.value_counts(values)
        different, counts = counted.field("values"), counted.field("counts")
        if self.kind == "text":
            blank = pc.equal(pc.utf8_trim_whitespace(different), "")
            self._blank += pc.sum(pc.if_else(blank, counts, 0)).as_py() or 0
        self._exemplify(different)
        self._distinct.add(different)
        self._counts.add(different, counts)

    def _exemplify(self, values: Any) -> None:
        for value in values.slice(0, EXAMPLES * 2):
            if len(self._examples) == EXAMPLES:
                return
            self._examples.setdefault(quoted(value.as_py()))

    def document(self, sample: pa.Table, *, whole: bool) -> dict[str, Any]:
        """whole: the sample is all rows."""
        values = self._rows - self._nulls
        found: dict[str, Any] = {
            "name": self.name,
            "type": str(self._type),
            "kind": self.kind,
            "rows": self._rows,
            "nulls": self._nulls,
            "distinct": None if self.kind in ("list", "other") else self._distinct.document(values),
            "examples": list(self._examples),
        }
        if self.kind == "text":
            found["blank"] = self._blank
        if self.kind in ("number", "time"):
            found["numbers"] = numbers_document(self._moments, sample[self.name])
        elif self.kind in ("text", "bytes", "list"):
            found["lengths"] = numbers_document(self._moments, sample[size_of(self.name)])
        if self.kind not in ("list", "other"):
            found["top"] = self._top(sample, whole=whole)
        return found

    def _top(self, sample: pa.Table, *, whole: bool) -> dict[str, Any]:
        """The most frequent values: of all rows where there are few different ones, else of the sample, without those seen once."""
        exact = self._counts.found
        if exact is None:
            counted = pc.value_counts(sample[self.name].drop_null())
            pairs = zip(counted.field("values"), counted.field("counts").to_pylist(), strict=True)
            frequent = [(value.as_py(), count) for value, count in pairs if count > 1]
        else:
            frequent = list(exact.items())
        total = sum(exact.values()) if exact is not None else sample.num_rows - sample[self.name].null_count
        frequent.sort(key=lambda pair: (-pair[1], quoted(pair[0])))
        top = [{"value": quoted(value), "count": count} for value, count in frequent[:TOP]]
        others = total - sum(entry["count"] for entry in top)
        return {"of": total, "sampled": exact is None and not whole, "values": top, "others": others}

    def feature(self, sample: pa.Table) -> Feature | None:
        """The column for associations, or None where it names rows or has no order."""
        column = sample[self.name]
        if self.kind in ("number", "time"):
            return self._number(column)
        if self.kind in ("list", "bytes"):
            return self._number(sample[size_of(self.name)], "length of ")
        if self.kind not in ("text", "flag"):
            return None
        encoded = column.combine_chunks().dictionary_encode()
        if len(encoded.dictionary) <= MOST_LEVELS:
            codes = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
            return Feature(self.name, "category", codes) if len(encoded.dictionary) > 1 else None
        return self._number(sample[size_of(self.name)], "length of ")

    def _number(self, column: pa.ChunkedArray, said: str = "") -> Feature | None:
        values = np.full(len(column), np.nan)
        values[~np.asarray(column.is_null().to_numpy(), dtype=bool)] = as_floats(column)
        known = values[np.isfinite(values)]
        values[~np.isfinite(values)] = np.nan
        return Feature(f"{said}{self.name}", "number", values) if len(known) and known.min() < known.max() else None


def size_of(name: str) -> str:
    """The sample's column with the lengths of a column; no Record's column has such a name."""
    return f"length\0{name}"


def sampled(rows: pa.Table) -> pa.Table:
    """Rows as a sample keeps them: text and bytes by their beginnings, lists by their lengths alone."""
    found: dict[str, Any] = {}
    for name in rows.column_names:
        column, kind = rows[name], kind_of(rows[name].type)
        if kind in ("text", "bytes", "list"):
            found[size_of(name)] = sizes(column, kind)
        cut = {"text": pc.utf8_slice_codeunits, "bytes": pc.binary_slice}.get(kind)
        if cut is not None:
            found[name] = cut(column, 0, _PREFIX)
        else:
            found[name] = pa.chunked_array([pa.nulls(len(column))]) if kind in ("list", "other") else column
    return pa.table(found)


def plain_rows(rows: pa.Table) -> pa.Table:
    """Each column in the one form of its kind."""
    return pa.table({name: plain(rows[name]) for name in rows.column_names})
