"""The baseline stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from pipeline import Model, Stage, Table
from schemas import SplitRow


class Baseline(Stage):
    """Fit a simple model on the training rows.

    kind: "majority" always says the most frequent label; "tfidf_logistic" is TF-IDF of words, marks and their pairs under a
    logistic regression.  rows: n rows.  Returns the model.
    """

    packages: ClassVar[tuple[str, ...]] = ("scikit-learn", "numpy", "scipy", "safetensors", "pyarrow")

    kind: Literal["majority", "tfidf_logistic"]
    strength: float = Field(default=10.0, gt=0, description="C of the logistic regression: smaller is more regular")
    size: int = Field(default=100_000, ge=1, description="terms at most, the most frequent of those in two texts or more")

    def columns_read(self) -> Mapping[str, Sequence[str]]:
        """The text and its label."""
        return {"rows": ("text", "label")}

    def run(self, rows: Table[SplitRow]) -> Model:
        """Raises StageError when the training rows hold fewer than two labels."""
        from ..training_rows import training_rows

        texts, labels = training_rows(rows)
        if self.kind == "majority":
            from .majority import fit_majority

            return fit_majority(labels)
        from .tfidf_logistic import fit_tfidf_logistic

        return fit_tfidf_logistic(texts, labels, self.strength, self.size)
