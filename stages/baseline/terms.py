"""Terms: words, marks and their pairs, and what a text that has none comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pipeline import StageError

PATTERN = r"\w+|[^\w\s]"
PAIRS = (1, 2)


def counted(vectorizer: Any, texts: Sequence[str]) -> Any:
    """Fit a vectorizer of scikit-learn and give its matrix: [n, terms]. Raises StageError where no term is left."""
    try:
        return vectorizer.fit_transform(texts)
    except ValueError as error:  # "empty vocabulary", or that pruning left none
        raise StageError(
            f"the {len(texts):,} training texts have no word that comes often enough to learn from ({str(error).partition(';')[0]}); "
            f"look at the column text, or leave this rung out"
        ) from None


def stored(vectorizer: Any) -> bytes:
    """The terms in the order of the matrix's columns, as JSON."""
    return json.dumps(vectorizer.get_feature_names_out().tolist(), ensure_ascii=False).encode()
