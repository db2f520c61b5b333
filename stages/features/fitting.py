"""All features of a table together: fitted, written as files, read again, computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pipeline import StageError
from pipeline.errors import suggest

from ..parts.base import Input, by_name
from .base import Feature, Fitted

FILE = "features.json"
Pairs = Mapping[str, tuple[Feature, Fitted]]  # column -> its config, and what it learned


def fit_all(features: Mapping[str, Feature], rows: pa.Table) -> Pairs:
    """Fit each on the training rows."""
    return {column: (feature, feature.fit(rows)) for column, feature in features.items()}


def to_files(fitted: Pairs) -> dict[str, bytes]:
    """features.json, and the files of each feature as `<column>.<name>`."""
    document = {column: {"feature": by_name(feature), "state": found.state} for column, (feature, found) in fitted.items()}
    files = {f"{column}.{name}": data for column, (_, found) in fitted.items() for name, data in found.files.items()}
    return {FILE: json.dumps(document, sort_keys=True, ensure_ascii=False).encode(), **files}


def from_files(files: Mapping[str, Any]) -> Pairs:
    """What `to_files` wrote, other files among them passed over. Raises ValueError for a feature that nobody has declared."""
    fitted = {}
    for column, found in json.loads(files[FILE]).items():
        feature = Feature.model_validate(found["feature"])
        own = {name.removeprefix(f"{column}."): data for name, data in files.items() if name.startswith(f"{column}.")}
        fitted[column] = (feature, feature.load(found["state"], own))
    return fitted


def inputs_of(fitted: Pairs) -> dict[str, Input]:
    """What a net is told of each column."""
    return {column: Input(feature.kind, found.size, found.files) for column, (feature, found) in fitted.items()}


def compute(fitted: Pairs, rows: pa.Table) -> dict[str, pa.Array]:
    """Every feature of n rows. Raises StageError for rows that lack a column."""
    for name, (feature, _) in fitted.items():
        missing = [column for column in feature.sources() if column not in rows.column_names]
        if missing:
            raise StageError(f"feature {name!r} reads the column {missing[0]!r}; {suggest(missing[0], rows.column_names)}")
    return {column: found.apply(rows) for column, (_, found) in fitted.items()}
