"""TF-IDF of terms, as scikit-learn computes it, to and from JSON and safetensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from safetensors.numpy import load, save
from sklearn.feature_extraction.text import TfidfVectorizer

from .terms import PAIRS, PATTERN, counted, stored


def tfidf(texts: Sequence[str], size: int, units: str = "words") -> TfidfVectorizer:
    """Fitted on texts: the `size` most frequent terms of those in two texts or more. Raises StageError where there is none.

    units: "words" for words, marks and their pairs, "letters" for runs of 2 to 6 characters of a word with a blank on each side.
    """
    vectorizer = _vectorizer(units, min_df=2, max_features=size)
    counted(vectorizer, texts)
    return vectorizer


def save_tfidf(vectorizer: TfidfVectorizer) -> dict[str, bytes]:
    """terms.json and terms.safetensors."""
    return {"terms.json": stored(vectorizer), "terms.safetensors": save({"idf": vectorizer.idf_.astype(np.float32)})}


def load_tfidf(terms: bytes, weights: bytes, units: str = "words") -> TfidfVectorizer:
    """What `save_tfidf` wrote; no scikit-learn object was ever stored."""
    vectorizer = _vectorizer(units, vocabulary=json.loads(terms))
    vectorizer.idf_ = load(weights)["idf"]
    return vectorizer


def _vectorizer(units: str, **given: Any) -> TfidfVectorizer:
    split = (
        {"analyzer": "char_wb", "ngram_range": (2, 6)}
        if units == "letters"
        else {"ngram_range": PAIRS, "token_pattern": PATTERN}
    )
    return TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **split, **given)
