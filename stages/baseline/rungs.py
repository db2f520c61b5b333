"""The rungs of the ladder as frozen configs, from the simplest; `fit` imports the file that is named for the rung.

From the command line a rung is set by its name, `--set linear.model=NbSvm`, or with fields,
`--set 'linear.model={"NbSvm": {"beta": 0.5}}'`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from pipeline import Model
from pipeline.digest import Json

from ..encoders import encoder_digests, read_encoder
from ..parts.base import Part
from ..targets import Number, OneOf, Ordered, SeveralOf, Target

if TYPE_CHECKING:
    import pyarrow as pa


class Rung(Part):
    """One simple model. targets: what it can say of a row."""

    targets: ClassVar[tuple[type[Target], ...]] = (OneOf, Ordered)

    abstract = True

    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, beside the target's."""
        return ("text",)

    def outside(self) -> Mapping[str, Json]:
        """The files that it starts from: name -> digest."""
        return {}

    def fit(self, training: pa.Table, validation: pa.Table, target: Target) -> Model:
        """From the rows for training, of two labels or more, and those for validation, of which there may be none.

        The facts of the model name target and classes; those of an `Ordered` are its levels, in their order.
        """
        raise TypeError(f"rung {type(self).__name__} must define fit(self, training, validation, target)")


class Majority(Rung):
    """The most frequent label, always; the mean of a number, the share of each of several classes."""

    targets = (Target,)

    def columns(self) -> tuple[str, ...]:
        """None."""
        return ()

    def fit(self, training: pa.Table, validation: pa.Table, target: Target) -> Model:
        """Counts."""
        from .majority import fit_majority

        return fit_majority(target, training[target.column])


class NbSvm(Rung):
    """A linear SVM on which words and pairs a text has, each weighted by naive Bayes (Wang and Manning 2012)."""

    strength: float = Field(default=0.1, gt=0, description="C of the SVM: smaller is more regular")
    beta: float = Field(default=0.25, ge=0, le=1, description="1 for the SVM alone, towards 0 for naive Bayes")
    smoothing: float = Field(default=1.0, gt=0, description="added to the counts of each term")
    size: int = Field(default=200_000, ge=1, description="terms at most, the most frequent")

    def fit(self, training: pa.Table, validation: pa.Table, target: Target) -> Model:
        """Raises StageError where no text has a word."""
        from .nb_svm import fit_nb_svm

        return fit_nb_svm(self, training, validation, target)


class TfidfLogistic(Rung):
    """TF-IDF of a text's terms under a logistic regression.

    units: "words" for words, marks and their pairs; "letters" for runs of 2 to 6 characters within a word, which knows parts of
    words and bears misspellings.  Several classes are a regression each.
    """

    targets = (OneOf, SeveralOf, Ordered)

    strength: float = Field(default=10.0, gt=0, description="C of the logistic regression: smaller is more regular")
    size: int = Field(default=100_000, ge=1, description="terms at most, the most frequent of those in two texts or more")
    units: Literal["words", "letters"] = "words"

    def fit(self, training: pa.Table, validation: pa.Table, target: Target) -> Model:
        """Raises StageError where no term is in two texts."""
        from .tfidf_logistic import fit_tfidf_logistic

        return fit_tfidf_logistic(self, training, target)


class Boosting(Rung):
    """Gradient-boosted trees (Ke et al. 2017) on numbers and categories as they are, and on TF-IDF of a text where there is one.

    numbers, categories: columns; a missing number or category goes the way that fits best, a category that training never
    saw goes that of a missing one.  The validation rows say how many trees.
    """

    packages = ("lightgbm",)
    targets = (OneOf, Number, Ordered)

    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    text: str = Field(default="", description="a column of texts; none where empty")
    size: int = Field(default=5_000, ge=1, description="terms at most, the most frequent of those in two texts or more")
    trees: int = Field(default=2_000, ge=1, description="at most, for each class")
    patience: int = Field(default=50, ge=1, description="trees without a better loss on the validation rows before it stops")
    rate: float = Field(default=0.05, gt=0, le=1, description="how much each tree adds")
    leaves: int = Field(default=31, ge=2, description="of a tree, at most")
    threads: int = Field(default=1, ge=1, description="part of the key, since sums depend on how they are cut")
    seed: int = Field(default=7, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _reads_something(self) -> Boosting:
        names = self.columns()
        twice = sorted({name for name in names if names.count(name) > 1})
        if not names or twice:
            raise ValueError(
                f"columns are {'none' if not names else f'named twice: {twice}'}; name numbers, categories or a text, each once"
            )
        return self

    def columns(self) -> tuple[str, ...]:
        """Numbers, categories, text."""
        return (*self.numbers, *self.categories, *((self.text,) if self.text else ()))

    def fit(self, training: pa.Table, validation: pa.Table, target: Target) -> Model:
        """Raises StageError for a column of numbers that holds none."""
        from .boosting import fit_boosting

        return fit_boosting(self, training, validation, target)


class EncoderLogistic(Rung):
    """A frozen sentence encoder under logistic regressions, one class against the rest.

    encoder: a folder with config.json, tokenizer.json and model.safetensors, or owner/model in the cache of the Hugging Face hub.
    Its code, where it brings any, is never run.  The stored model holds the encoder.
    """

    packages = ("torch", "tokenizers", "transformers")

    encoder: str = Field(min_length=1)
    revision: str = Field(default="main", pattern=r"^\w[\w./-]*$", description="of owner/model")
    strength: float = Field(default=10.0, gt=0, description="C of the logistic regression: smaller is more regular")
    max_tokens: int = Field(default=128, ge=3, description="of a text; what is beyond them is not read")
    threads: int = Field(default=1, ge=1, description="part of the key, since sums depend on how they are cut")

    def outside(self) -> Mapping[str, Json]:
        """Raises UsageError where a file is missing or refused."""
        return encoder_digests(self.encoder, self.revision)

    def fit(self, training: pa.Table, validation: pa.Table, target: Target) -> Model:
        """Raises StageError for an encoder of a kind that is not read, or whose files do not fit each other."""
        from .encoder_logistic import fit_encoder_logistic

        return fit_encoder_logistic(self, read_encoder(self.encoder, self.revision), training, target)
