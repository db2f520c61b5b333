"""A frozen sentence encoder under a logistic regression: its files, and the regression as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from pipeline import Model

from ..encoders.files import CONFIG, TOKENIZER, WEIGHTS
from ..encoders.module import build_encoder, encoder_tokenizer
from ..encoders.vectors import sentence_vectors
from ..predict import Predictor
from .linear import two_rows

if TYPE_CHECKING:
    from .rungs import EncoderLogistic

_ROUNDS = 2000  # at most; real vectors take some dozen


def fit_encoder_logistic(config: EncoderLogistic, files: Mapping[str, bytes], training: pa.Table) -> Model:
    """Vectors of the training texts, once; then the regression.

    files: those of the encoder, which the model keeps, byte for byte.
    """
    vectors = _vectors(files, config.max_tokens, config.threads, training)
    regression = LogisticRegression(C=config.strength, max_iter=_ROUNDS)
    regression.fit(vectors, training["label"].to_pylist())
    coefficients, intercepts = two_rows(regression.coef_, regression.intercept_)
    return Model(
        facts={
            "family": "encoder_logistic",
            "classes": [str(label) for label in regression.classes_],
            "parameters": int(coefficients.size + intercepts.size),
            "max_tokens": config.max_tokens,
            "threads": config.threads,
        },
        files={**files, "head.safetensors": save({"coefficients": coefficients, "intercepts": intercepts})},
    )


def load_encoder_logistic(model: Model) -> Predictor:
    """The encoder is built from the model's own files: the folder that it came from is not needed."""
    files = {name: model.read(name) for name in (CONFIG, TOKENIZER, WEIGHTS)}
    head, facts = load(model.read("head.safetensors")), model.facts

    def predict(rows: pa.Table) -> np.ndarray[Any, Any]:
        vectors = _vectors(files, facts["max_tokens"], facts["threads"], rows)
        return np.asarray(softmax(np.asarray(vectors @ head["coefficients"].T + head["intercepts"], np.float64), axis=1))

    return predict


def _vectors(files: Mapping[str, bytes], max_tokens: int, threads: int, rows: pa.Table) -> np.ndarray[Any, Any]:
    tokenizer = encoder_tokenizer(files[TOKENIZER], files[CONFIG], max_tokens)
    return sentence_vectors(build_encoder(files[CONFIG], files[WEIGHTS]), tokenizer, rows["text"].to_pylist(), threads)
