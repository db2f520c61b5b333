"""Vectorize: rows to numbers, by features fitted on the training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, NamedTuple, TypeVar

from pydantic import Field, SerializeAsAny, model_validator

from pipeline import Stage, StageError, Table, Vocabulary, record_of
from pipeline.digest import Json
from pipeline.errors import suggest
from schemas import Record, SplitRow

from .features import Feature, Words
from .parts.base import COLUMNS, Kind

R = TypeVar("R", bound=Record)

# How a Record declares a column of each kind.
HINTS: Mapping[Kind, str] = {"tokens": "list[int]", "characters": "list[list[int]]", "numbers": "list[float]"}


class Features(NamedTuple, Generic[R]):
    """The features of every row, and the vocabulary that made them."""

    rows: Table[R]
    vocabulary: Vocabulary


class Vectorize(Stage, Generic[R]):
    """Fit features on the training rows, and compute them of all rows.

    features: column -> feature.  The Record in brackets has these columns; its others are taken from the rows as they are.
    rows: n rows.  Returns n rows, order kept, and the vocabulary: all that is needed to compute the features of new rows.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "tokenizers")

    features: Mapping[str, SerializeAsAny[Feature]] = Field(default={"tokens": Words()}, min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Vectorize[R]:
        """The Record in the brackets has a column for each feature, of the type that the feature makes."""
        try:
            columns = record_of(self).columns()
        except StopIteration:  # nothing in the brackets: the Pipeline says so
            return self
        for name, feature in self.features.items():
            kind, expected = type(feature).__name__, COLUMNS[feature.kind]
            if name not in columns:
                raise ValueError(f"{record_of(self).__name__} has no column {name!r} for {kind}; {suggest(name, columns)}")
            if columns[name] != expected:
                raise ValueError(
                    f"{record_of(self).__name__}.{name} is {columns[name]}, but {kind} makes {expected}; declare it as {HINTS[feature.kind]}"
                )
        return self

    def columns_read(self) -> Mapping[str, Mapping[str, str | None]]:
        """What the features are computed from, and what is taken as it is."""
        taken = {name: kind for name, kind in record_of(self).columns().items() if name not in self.features}
        read = {column: kinds for feature in self.features.values() for column, kinds in feature.sources().items()}
        return {"rows": {name: kind.removesuffix(" | null") for name, kind in taken.items()} | read}

    def outside(self) -> Mapping[str, Json]:
        """Files that features read."""
        return {name: state for feature in self.features.values() for name, state in feature.outside().items()}

    def run(self, rows: Table[SplitRow]) -> Features[R]:
        """Raises StageError when no row is for training."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from .features.fitting import compute, fit_all, inputs_of, to_files

        record, table = record_of(self), rows.read()
        training = table.filter(pc.equal(table["split"], "train"))
        if not training.num_rows:
            raise StageError("no row is for training, so that there is nothing to fit a vocabulary on")
        fitted = fit_all(self.features, training)
        made = compute(fitted, table)
        columns = {name: made.get(name, table[name] if name in table.column_names else None) for name in record.columns()}
        vocabulary = Vocabulary(
            facts={
                "inputs": {name: {"kind": given.kind, "size": given.size} for name, given in inputs_of(fitted).items()},
                "fitted_on": {"split": "train", "rows": training.num_rows},
            },
            files=to_files(fitted),
        )
        return Features(Table.of(record, pa.table(columns)), vocabulary)
