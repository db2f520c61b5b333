"""What repeats in a table: across the parts of a split, and under two labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Finding, Table, turned_away
from pipeline.errors import bounded

from .near import near
from .normal import Ints, codes, normal, row_codes

if TYPE_CHECKING:
    from .labels import OneLabel
    from .leakage import Leakage


class Repeats:
    """Rows of a later part that repeat one of an earlier part; of each, the first row that it repeats.

    Memory: the columns that are compared, and what MinHash holds of the texts.
    """

    def __init__(self, check: Leakage, table: Table[Any]) -> None:
        """Read the columns that count."""
        self.check = check
        apart = {*table.record.key(), *check.ignore, check.split, check.group}
        compared = [name for name in table.record.columns() if name not in apart]
        rows = table.read(list(dict.fromkeys([*compared, *filter(None, (check.split, check.text, check.group))])))
        split = pc.index_in(rows[check.split], value_set=pa.array(check.parts, rows[check.split].type))
        self.part = np.asarray(split.fill_null(-1))
        self.codes: dict[str, Ints] = {}
        if compared:
            self.codes["row"] = row_codes([rows[name] for name in compared])
        if check.group:
            self.codes["group"] = _unless_null(rows[check.group], codes(rows[check.group]))
        if check.text:
            self.texts = normal(rows[check.text])
            self.codes["text"] = _unless_null(self.texts, codes(self.texts))

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Later and earlier part, by their positions."""
        for later in range(len(self.check.parts) - 1, 0, -1):
            for earlier in range(later):
                yield later, earlier

    def rule(self, kind: str, later: int, earlier: int) -> str:
        """What a rule says of two parts."""
        what = {"near": f"has no near-duplicate text (from {self.check.near:g}) in", "row": "has no row of"}
        said = what.get(kind, f"has no {kind} of")
        return f"{self.check.parts[later]} {said} {self.check.parts[earlier]}"

    def kinds(self) -> Iterator[tuple[str, str | None]]:
        """Rules and the column of each."""
        columns = {"row": None, "text": self.check.text, "group": self.check.group}
        yield from ((kind, columns[kind]) for kind in columns if kind in self.codes)
        if self.check.text:
            yield "near", self.check.text

    def found(self, kind: str, later: int, earlier: int) -> tuple[Ints, Ints]:
        """Rows of the later part that repeat, in order, and the first row of the earlier part that each repeats."""
        mine, theirs = np.flatnonzero(self.part == later), np.flatnonzero(self.part == earlier)
        if kind == "near":
            return self._near(mine, theirs)
        known = self.codes[kind]
        mine, theirs = mine[known[mine] >= 0], theirs[known[theirs] >= 0]
        values, first = np.unique(known[theirs], return_index=True)
        if not len(values):
            return mine[:0], mine[:0]
        at = np.searchsorted(values, known[mine]).clip(max=len(values) - 1)
        same = values[at] == known[mine]
        return mine[same], theirs[first[at[same]]]

    def _near(self, mine: Ints, theirs: Ints) -> tuple[Ints, Ints]:
        """Different texts, each looked at once; those that are the same are told by another rule."""
        known = self.codes["text"]
        mine, theirs = mine[known[mine] >= 0], theirs[known[theirs] >= 0]
        others, where = np.unique(known[theirs], return_index=True)
        here = mine[~np.isin(known[mine], others)]
        own, first, again = np.unique(known[here], return_index=True, return_inverse=True)
        matches = near(self._read(here[first]), self._read(theirs[where]), self.check.near)
        match = np.full(len(own), -1)
        match[list(matches)] = list(matches.values())
        repeated = match[again]
        return here[repeated >= 0], theirs[where[repeated[repeated >= 0]]]

    def _read(self, rows: Ints) -> list[str]:
        return self.texts.take(rows).to_pylist()  # type: ignore[no-any-return]

    def repeated(self, kind: str, rows: Ints) -> list[str]:
        """What is repeated, in words."""
        if kind in ("text", "near"):
            return [bounded(text) for text in self._read(rows)]
        return [f"row {row + 1}" for row in rows.tolist()]


def judge_leakage(check: Leakage, table: Table[Any]) -> Iterator[Finding]:
    """The findings of a Leakage."""
    repeats = Repeats(check, table)
    count = len(repeats.part)
    strange = int((repeats.part < 0).sum())
    yield Finding(
        rule=f"every row is in one of {', '.join(check.parts)}", column=check.split, evaluated=count, failed=strange,
        passed=not strange, severity=check.severity,
    )  # fmt: skip
    for at, part in enumerate(check.parts):
        there = int((repeats.part == at).sum())
        yield Finding(
            rule=f"{part} has rows", column=check.split, evaluated=max(count, 1), failed=0 if there else max(count, 1),
            passed=there > 0, severity=check.severity, note=f"{there:,} rows",
        )  # fmt: skip
    for kind, column in repeats.kinds():
        for later, earlier in repeats.pairs():
            evaluated = int((repeats.part == later).sum())
            if not evaluated or not (repeats.part == earlier).any():
                continue
            rows, others = repeats.found(kind, later, earlier)
            yield Finding(
                rule=repeats.rule(kind, later, earlier), column=column, evaluated=evaluated, failed=len(rows),
                passed=len(rows) <= _most(check, evaluated), severity=check.severity,
                examples=tuple(dict.fromkeys(repeats.repeated(kind, others[:50])))[:5],
            )  # fmt: skip


def failing_leakage(check: Leakage, table: Table[Any], rules: set[str]) -> Iterator[pa.Table]:
    """The rows that fail some of the rules, in the quarantine's form, rule by rule."""
    repeats = Repeats(check, table)
    strange = f"every row is in one of {', '.join(check.parts)}"
    if strange in rules:
        yield from failing_rows(table, np.flatnonzero(repeats.part < 0), strange, check.split, None)
    for kind, column in repeats.kinds():
        for later, earlier in repeats.pairs():
            rule = repeats.rule(kind, later, earlier)
            if rule in rules:
                rows, others = repeats.found(kind, later, earlier)
                yield from failing_rows(table, rows, rule, column, repeats.repeated(kind, others))


def judge_labels(check: OneLabel, table: Table[Any]) -> Iterator[Finding]:
    """The finding of a OneLabel."""
    rows = table.read([check.text, check.label])
    failing, labels = _labels(check, rows)
    evaluated = len(rows) - rows[check.text].null_count
    seen = dict.fromkeys(
        f"{bounded(text, 50)}: {found}"
        for text, found in zip(rows[check.text].take(failing[:50]).to_pylist(), labels[:50], strict=True)
    )
    yield Finding(
        rule="each text has one label", column=check.text, evaluated=evaluated, failed=len(failing),
        passed=len(failing) <= _most(check, evaluated), severity=check.severity, examples=tuple(seen)[:5],
    )  # fmt: skip


def failing_labels(check: OneLabel, table: Table[Any]) -> Iterator[pa.Table]:
    """The rows whose text stands under two labels, in their order."""
    failing, labels = _labels(check, table.read([check.text, check.label]))
    return failing_rows(table, failing, "each text has one label", check.text, labels)


def failing_rows(table: Table[Any], rows: Ints, rule: str, column: str | None, values: list[str] | None) -> Iterator[pa.Table]:
    """Rows by their positions, in the quarantine's form, a fragment at a time. values: what is to be said of each."""
    start = 0
    for fragment in table.split():
        end = start + fragment.count()
        low, high = np.searchsorted(rows, (start, end))
        if high > low:
            away = turned_away(fragment.read().take(rows[low:high] - start), rule, column)
            if values is not None:
                away = away.set_column(away.schema.get_field_index("value"), "value", pa.array(values[low:high], pa.string()))
            yield away
        start = end


def _labels(check: OneLabel, rows: pa.Table) -> tuple[Ints, list[str]]:
    """Rows whose text has several labels, and those labels."""
    text, label = codes(normal(rows[check.text])), codes(rows[check.label])
    there = np.flatnonzero(np.asarray(rows[check.text].is_valid()))
    pairs = np.unique(np.stack([text[there], label[there]]), axis=1)
    texts, counts = np.unique(pairs[0], return_counts=True)
    failing = there[np.isin(text[there], texts[counts > 1])]
    named: dict[int, dict[str, None]] = {}
    for code, value in zip(text[failing].tolist(), rows[check.label].take(failing).to_pylist(), strict=True):
        named.setdefault(code, {})[str(value)] = None
    return failing, [bounded(" | ".join(named[code])) for code in text[failing].tolist()]


def _unless_null(values: pa.ChunkedArray, found: Ints) -> Ints:
    """A null repeats nothing."""
    return np.where(np.asarray(values.is_null()), -1, found)


def _most(check: Leakage | OneLabel, evaluated: int) -> float:
    return max(check.allowed, check.share * evaluated)
