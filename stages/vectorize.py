"""Vectorize: text to token numbers, by a vocabulary fitted on the training rows."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from pydantic import Field

from pipeline import Stage, StageError, Table, Vocabulary
from schemas import SplitText, Tokens

PADDING, UNKNOWN = "[PAD]", "[UNK]"


class Features(NamedTuple):
    """Token numbers of every row, and the vocabulary that made them."""

    rows: Table[Tokens]
    vocabulary: Vocabulary


class Vectorize(Stage):
    """Fit a vocabulary on the training rows, and number the tokens of all rows.

    size: how many tokens the vocabulary has at most, the padding (0) and the unknown (1) counted.
    rows: n rows.  Returns n rows, order kept, each cut to `max_tokens`, and the vocabulary as a tokenizer.json.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow", "tokenizers")

    size: int = Field(default=20_000, ge=3)
    min_count: int = Field(default=2, ge=1, description="training texts hold a token at least so often")
    max_tokens: int = Field(default=128, ge=1)
    lowercase: bool = True

    def run(self, rows: Table[SplitText]) -> Features:
        """Raises StageError when no row is for training."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from .tokens import encode, fit

        table = rows.read()
        training = table.filter(pc.equal(table["split"], "train"))["text"].to_pylist()
        if not training:
            raise StageError("no row is for training, so that there is nothing to fit a vocabulary on")
        tokenizer = fit(training, self.size, self.min_count, self.max_tokens, self.lowercase)
        tokens = pa.array(encode(tokenizer, table["text"].to_pylist()), pa.list_(pa.int64()))
        features = table.select(["id", "label", "split"]).append_column("tokens", tokens)
        vocabulary = Vocabulary(
            facts={"size": tokenizer.get_vocab_size(), "fitted_on": {"split": "train", "rows": len(training)}},
            files={"tokenizer.json": tokenizer.to_str(pretty=False).encode()},
        )
        return Features(Table.of(Tokens, features), vocabulary)
