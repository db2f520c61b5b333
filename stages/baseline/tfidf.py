"""TF-IDF of terms, as scikit-learn computes it, to and from JSON and safetensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from safetensors.numpy import load, save
from sklearn.feature_extraction.text import TfidfVectorizer

from .terms import PAIRS, PATTERN, counted, stored


def tfidf(texts: Sequence[str], size: int) -> TfidfVectorizer:
    """Fitted on texts: the `size` most frequent terms of those in two texts or more. Raises StageError where there is none."""
    vectorizer = _vectorizer(min_df=2, max_features=size)
    counted(vectorizer, texts)
    return vectorizer


def save_tfidf(vectorizer: TfidfVectorizer) -> dict[str, bytes]:
    """terms.json and terms.safetensors."""
    return {"terms.json": stored(vectorizer), "terms.safetensors": save({"idf": vectorizer.idf_.astype(np.float32)})}


def load_tfidf(terms: bytes, weights: bytes) -> TfidfVectorizer:
    """What `save_tfidf` wrote; no scikit-learn object was ever stored."""
    vectorizer = _vectorizer(vocabulary=json.loads(terms))
    vectorizer.idf_ = load(weights)["idf"]
    return vectorizer


def _vectorizer(**given: Any) -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=PAIRS, sublinear_tf=True, dtype=np.float32, token_pattern=PATTERN, **given)
