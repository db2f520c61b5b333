"""All rows that have what none of the champion's rows has: another category, another character, a null, a number out of range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Finding, Table, turned_away

from .compared import RULES
from .measures import plain
from .sampled import flat

Broken = Callable[[pa.ChunkedArray], Any]  # column -> mask of its values that the champion's lacks


def unheard(after: Table[Any], before: Table[Any], findings: Sequence[Finding]) -> Iterator[pa.Table]:
    """The rows behind findings that single rows can be blamed for, in the quarantine's form, fragment by fragment.

    Every row is looked at, not a sample, against every row of the champion's.
    """
    rules = {RULES["nulls"]: _nulls, RULES["new"]: _categories, RULES["range"]: _range, RULES["characters"]: _characters}
    blamed = [(one, rules[one.rule](before, str(one.column))) for one in findings if one.rule in rules]
    for fragment in after.split() if blamed else ():
        rows = fragment.read()
        columns = flat(rows)
        for finding, broken in blamed:
            away = rows.filter(pc.fill_null(broken(columns[str(finding.column)]), False))
            if away.num_rows:
                yield turned_away(away, finding.rule, finding.column)


def _nulls(before: Table[Any], column: str) -> Broken:
    return lambda values: pc.is_null(values, nan_is_null=pa.types.is_floating(values.type))


def _categories(before: Table[Any], column: str) -> Broken:
    known = pa.chunked_array([part.unique() for part in _columns(before, column)]).unique()
    return lambda values: pc.and_(values.is_valid(), pc.invert(pc.is_in(values, value_set=known)))


def _range(before: Table[Any], column: str) -> Broken:
    ends = [pc.min_max(plain(part)).as_py() for part in _columns(before, column)]
    low = min((end["min"] for end in ends if end["min"] is not None), default=float("-inf"))
    high = max((end["max"] for end in ends if end["max"] is not None), default=float("inf"))
    return lambda values: pc.or_(pc.less(plain(values), low), pc.greater(plain(values), high))


def _characters(before: Table[Any], column: str) -> Broken:
    known: set[str] = set()
    for part in _columns(before, column):
        known.update(*part.drop_null().to_pylist())
    return lambda values: pa.chunked_array(
        [pa.array(np.array([text is not None and not known.issuperset(text) for text in values.to_pylist()], bool))]
    )


def _columns(table: Table[Any], column: str) -> Iterator[pa.ChunkedArray]:
    top = column if column in table.record.columns() else column.partition(".")[0]
    return (flat(part.read([top])).column(column) for part in table.split())
