"""Read: the whole file, streamed once through the contract that its first rows suggest."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import create_model

from pipeline import Table, UsageError
from pipeline.errors import bounded
from schemas import Record
from stages import Clean, Source
from stages.checks.normal import normal

from .column import MOST, Column
from .names import field_names
from .survey import MIN_CHARS, Reasons, Survey, named

if TYPE_CHECKING:
    from .look import Look

_MOST_GROUPS = 20_000
_MOST_TEXTS = 1_000  # whose words are counted
_RARE = 0.98  # of the rows: a column that so many lack is left out
_EXAMPLE = 200  # characters that the text of the example may have


def read_all(of: Source, found: Look) -> Survey:
    """Read everything, again where that shows the first guess to be wrong. Raises UsageError when no row can be used."""
    result = _Reader(of, found.columns).read()
    while _second_thoughts(result):
        for column in found.columns:
            column.forget()
        result = _Reader(of, found.columns).read()
    rare = [c for c in result.columns if not c.role and c.missing > _RARE * result.rows]
    found.left_out.update((c.name, f"is missing in {c.missing:,} of {result.rows:,} rows") for c in rare)
    result.columns = [column for column in result.columns if column not in rare]
    result.source = named(of, result.columns)
    result.example = {name: value for name, value in result.example.items() if name not in {c.field for c in rare}}
    return result


def _second_thoughts(result: Survey) -> bool:
    """Whether the whole file has shown what its first rows did not: an id that repeats, labels with blanks around them, empty text."""
    changed = False
    for column in result.columns:
        if column.role == "id" and column.note == "repeats":
            column.role, column.note, column.as_text = "", "some repeat, so it is no id", False
            column.field = field_names([column.name])[column.name]
            changed = True
        if not column.role and column.blank and not column.as_text:
            column.as_text = changed = True
        if column.role == "label" and not column.as_text and any(label != label.strip() for label in result.labels):
            column.as_text = changed = True
    return changed


class _Reader:
    """One pass over the file."""

    def __init__(self, of: Source, columns: list[Column]) -> None:
        self.survey = Survey(columns, named(of, columns))
        self.columns = {column.field: column for column in columns}
        self.record = self._record()
        self.by = next((c.field for c in columns if c.role == "group"), "id")
        self.labels: dict[str, int] = {}
        self.groups: dict[str, int] | None = {}
        self.seen: list[
            tuple[Any, ...]
        ] = []  # hash of the text, as it is and in lower case; number of the label, and of the group
        self.ids: list[Any] = []
        self.words: list[int] = []

    def read(self) -> Survey:
        source, result = self.survey.source, self.survey
        for name in source.state():
            for rows, rejected in source.read(name):
                result.rows += rows.num_rows + sum(away.num_rows for away in rejected)
                for away in rejected:
                    _count(result.away, away)
                self._take(rows)
        for column in self.columns.values():
            column.rows = result.rows
        if not self.seen:
            raise UsageError(f"no row can be used: {_told(result.away + result.cleaned)}")
        self._conclude()
        return result

    def _take(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        kept, away = self._sift(rows)
        _count(self.survey.away, away)
        for column in self.columns.values():
            _watch(column, kept[column.field])
            column.missing += sum(rule == "is null" and name == column.field for name, rule in _pairs(away))
        record: Any = self.record
        cleaned = Clean[record](min_chars=MIN_CHARS).map(Table.of(record, kept))
        for part in cleaned.turned_away:
            _count(self.survey.cleaned, part)
        table = cleaned.read()
        if table.num_rows:
            self._learn(table)

    def _sift(self, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows that can be used; a column that only comes along is loosened until it turns none away."""
        while True:
            kept, away = self.record.sift(rows)
            costly = {str(name).partition(".")[0].removesuffix("[]") for name, _ in _pairs(away)}
            costly = {name for name in costly if name in self.columns and not self.columns[name].role}
            if not costly:
                return kept, away
            for name in costly:
                values = {row["value"] for row in away.to_pylist() if row["column"] == name}
                example = bounded(min(values, key=lambda value: (len(str(value)), str(value))), 20)
                self.columns[name].loosen(f"not all read as {self.columns[name].kind}, such as {example!r}")
            self.record = self._record()

    def _record(self) -> type[Record]:
        fields: dict[str, Any] = {column.field: (column.hint(), ...) for column in self.columns.values()}
        if "id" not in fields:
            fields = {"id": (str, ...), **fields}
        return create_model("Row", __base__=Record, **fields)

    def _learn(self, table: pa.Table) -> None:
        texts, labels, groups = (table[name].to_pylist() for name in ("text", "label", self.by))
        if len(self.words) < _MOST_TEXTS:
            self.words += [len(re.findall(r"\w+|[^\w\s]", text)) for text in texts[: _MOST_TEXTS - len(self.words)]]
        codes = np.fromiter((self.labels.setdefault(label, len(self.labels)) for label in labels), np.int32, len(labels))
        hashes = np.fromiter(map(hash, texts), np.int64, len(texts))
        alike = np.fromiter(map(hash, normal(table["text"]).to_pylist()), np.int64, len(texts))
        self.seen.append((hashes, alike, codes, self._numbers(groups)))
        if self.columns.get("id"):
            self.ids.append(np.fromiter(map(hash, table["id"].to_pylist()), np.int64, len(texts)))
        if not self.survey.example:
            short = next((row for row, text in enumerate(texts) if len(text) <= _EXAMPLE), 0)
            self.survey.example = table.slice(short, 1).to_pylist()[0]

    def _numbers(self, groups: list[Any]) -> Any:
        if self.groups is None:
            return np.zeros(0, np.int32)
        numbers = np.fromiter((self.groups.setdefault(str(g), len(self.groups)) for g in groups), np.int32, len(groups))
        if len(self.groups) > _MOST_GROUPS:
            self.groups = None
        return numbers

    def _conclude(self) -> None:
        hashes, alike, labels = (np.concatenate([part[i] for part in self.seen]) for i in (0, 1, 2))
        _, first = np.unique(hashes, return_index=True)
        texts, of_row = np.unique(alike, return_inverse=True)
        pairs = np.unique(of_row * len(self.labels) + labels) // len(self.labels)
        self.survey.repeats = len(hashes) - len(first)
        self.survey.conflicts = int((np.bincount(pairs, minlength=len(texts)) > 1)[of_row].sum())
        names = list(self.labels)
        counts = np.bincount(labels[first], minlength=len(names))
        self.survey.labels = Counter({name: int(counts[i]) for i, name in enumerate(names) if counts[i]})
        self.survey.words = int(np.quantile(self.words, 0.95))
        if self.groups is not None:
            groups = np.concatenate([part[3] for part in self.seen])
            by_number = list(self.groups)
            self.survey.groups = {}
            for group, label in zip(groups[first].tolist(), labels[first].tolist(), strict=True):
                self.survey.groups.setdefault(by_number[group], Counter())[names[label]] += 1
        ids = np.concatenate(self.ids) if self.ids else np.zeros(0)
        if len(np.unique(ids)) < len(ids):
            self.columns["id"].note = "repeats"


def _watch(column: Column, values: pa.ChunkedArray) -> None:
    """Remember the range and the values of what was kept."""
    blank = (pc.sum(pc.equal(values, "")).as_py() or 0) if column.kind == "str" else 0
    column.blank += blank
    column.missing += values.null_count + blank
    if column.kind == "str":
        if column.values is not None and column.role in ("", "label"):
            for pair in pc.value_counts(values).to_pylist():
                if pair["values"] is not None:
                    column.values[pair["values"]] += pair["counts"]
            column.values = column.values if len(column.values) <= MOST else None
        values = pc.utf8_length(values.filter(pc.fill_null(pc.not_equal(values, ""), False)))
    if column.kind.startswith("list") or column.kind == "bool":
        return
    bounds = pc.min_max(values).as_py()
    if bounds["min"] is not None:
        column.low = bounds["min"] if column.low is None else min(column.low, bounds["min"])
        column.high = bounds["max"] if column.high is None else max(column.high, bounds["max"])


def _pairs(away: pa.Table) -> list[tuple[str, str]]:
    return list(zip(away["column"].to_pylist(), away["rule"].to_pylist(), strict=True))


def _count(reasons: Reasons, away: pa.Table) -> None:
    reasons.update((column or "", rule) for column, rule in _pairs(away))


def _told(reasons: Reasons) -> str:
    return ", ".join(f"{f'{c} ' if c else ''}{rule} ({count:,} rows)" for (c, rule), count in reasons.most_common(3))
