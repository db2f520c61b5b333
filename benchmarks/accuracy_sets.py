"""The real sets of benchmarks/accuracy.py as stages: the published rows, split as published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from pipeline import Evaluation, Stage, Table
from pipeline.digest import Json, digest_bytes, digest_file
from schemas import Prediction, SplitRow, SplitText
from stages.evaluate.stage import Evaluated

NUMBERS = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")
CATEGORIES = ("workclass", "education", "marital_status", "occupation", "relationship", "race", "sex", "native_country")


class AdultRow(SplitRow):
    """A row of the census of 1994. label: whether somebody earns more than 50,000 dollars a year."""

    age: int
    workclass: str | None
    fnlwgt: int
    education: str
    education_num: int
    marital_status: str
    occupation: str | None
    relationship: str
    race: str
    sex: str
    capital_gain: int
    capital_loss: int
    hours_per_week: int
    native_country: str | None
    label: str


class Published(Stage):
    """Texts of a Parquet file with the columns text, label, split, fold10; equal texts share a part.

    fold: the fold that is for testing, all others for training; None for the published split.
    valid: the share of the training rows that is set apart for validation, where none is published.
    turn: which such share, the first being 0.
    without: a label whose rows are left out.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    path: str
    fold: int | None = None
    valid: float = Field(default=0.0, ge=0, lt=1)
    turn: int = Field(default=0, ge=0)
    without: str = ""

    def outside(self) -> Mapping[str, Json]:
        """The file's digest."""
        return {Path(self.path).name: digest_file(Path(self.path))}

    def run(self) -> Table[SplitText]:
        """Rows in their order; the id is the row's number."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = pq.read_table(self.path, columns=["text", "label", "split", "fold10"]).to_pylist()
        kept = [
            {
                "id": f"{number:06}",
                "text": row["text"],
                "label": row["label"],
                "split": self._part(row),
                "group": f"{number:06}",
            }
            for number, row in enumerate(rows)
            if row["label"] != self.without
        ]
        return Table.of(SplitText, pa.Table.from_pylist(kept))

    def _part(self, row: Mapping[str, Any]) -> str:
        part = row["split"] if self.fold is None else "test" if row["fold10"] == self.fold else "train"
        place = share_of(" ".join(row["text"].lower().split()))
        mine = self.turn * self.valid <= place < (self.turn + 1) * self.valid
        return "valid" if part == "train" and mine else part


class PublishedAdult(Stage):
    """adult.data.gz and adult.test.gz of a folder, `?` being no value.

    valid: the share of the training rows that is set apart for validation.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    folder: str
    valid: float = Field(default=0.1, ge=0, lt=1)

    def outside(self) -> Mapping[str, Json]:
        """The files' digests."""
        return {name: digest_file(Path(self.folder) / name) for name in ("adult.data.gz", "adult.test.gz")}

    def run(self) -> Table[AdultRow]:
        """The training rows, then the test rows; the id is the row's number in its file."""
        import gzip

        import pyarrow as pa

        rows = []
        for name, part in (("adult.data.gz", "train"), ("adult.test.gz", "test")):
            with gzip.open(Path(self.folder) / name, "rt", encoding="utf-8") as file:
                _, *lines = [line for line in file.read().splitlines() if line.strip()]
            rows += [self._row(f"{part}{number:05}", part, line) for number, line in enumerate(lines)]
        return Table.of(AdultRow, AdultRow.sift(pa.Table.from_pylist(rows))[0])

    def _row(self, name: str, part: str, line: str) -> dict[str, str | None]:
        values = [value.strip().rstrip(".") for value in line.split(",")]
        columns = [column for column in AdultRow.columns() if column not in ("id", "split", "group")]
        part = "valid" if part == "train" and share_of(name) < self.valid else part
        found = {column: None if value == "?" else value for column, value in zip(columns, values, strict=True)}
        return {"id": name, "split": part, "group": name, **found}


class Pool(Stage):
    """The predictions of several folds as one evaluation: every row was tested once, by the model that had not seen it.

    models: names; the steps of fold 3 are called `model_3`.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow", "scikit-learn")
    keeps_rows: ClassVar[bool] = False

    models: tuple[str, ...]
    resamples: int = 1000
    seed: int = 7

    def run(self, evaluations: Mapping[str, Evaluation], rows: Mapping[str, Table[Prediction]]) -> Evaluated:
        """Metrics with their intervals, by the bootstrap over all rows; details: each fold's own accuracy."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from stages.compare.said import answers_of
        from stages.evaluate.kinds import KINDS, target_of
        from stages.metrics.blocks import blocks, weights
        from stages.metrics.interval import intervals
        from stages.metrics.sample import sample

        facts = next(iter(evaluations.values())).facts
        classes, kind = facts["classes"], KINDS[target_of(facts)["kind"]]
        table = pa.concat_tables(one.read() for one in rows.values())
        names = pc.replace_substring_regex(table["model"], r"_\d+$", "")
        table = table.set_column(table.schema.get_field_index("model"), "model", names)
        parts = [table.filter(pc.equal(names, model)).sort_by("id") for model in self.models]
        found = {}
        for model, part in zip(self.models, parts, strict=True):
            answers = answers_of(kind, part, classes, classes)
            block = blocks(answers.groups, self.seed)
            weighted = weights(int(block.max()) + 1, self.resamples, self.seed)
            found[model] = intervals(sample(answers, block, weighted), self.resamples, self.seed)
        folds = {
            model: {
                "folds": [
                    f["metrics"][f"{model}_{k}"]["accuracy"]["value"]
                    for k, f in enumerate(e.facts for e in evaluations.values())
                ]
            }
            for model in self.models
        }
        told = {**facts, "models": list(self.models), "n": parts[0].num_rows, "metrics": found, "details": folds}
        return Evaluated(Evaluation(facts=told), Table.of(Prediction, *parts))


def share_of(text: str) -> float:
    """Where a text's digest falls in [0, 1)."""
    return int(digest_bytes(text.encode())[:13], 16) / 16**13
