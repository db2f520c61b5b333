"""A frozen sentence encoder under logistic regressions of each class against the rest: its files, and theirs as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from safetensors.numpy import load, save
from scipy.special import log_expit, softmax

from pipeline import Model

from ..encoders.files import CONFIG, TOKENIZER, WEIGHTS
from ..encoders.module import build_encoder, encoder_tokenizer
from ..encoders.vectors import sentence_vectors
from ..predict import Predictor
from .one_vs_rest import fit_one_vs_rest

if TYPE_CHECKING:
    from .rungs import EncoderLogistic


def fit_encoder_logistic(config: EncoderLogistic, files: Mapping[str, bytes], training: pa.Table) -> Model:
    """Vectors of the training texts, once; then the regressions.

    files: those of the encoder, which the model keeps, byte for byte.
    """
    vectors = _vectors(files, config.max_tokens, config.threads, training)
    classes = sorted(set(training["label"].to_pylist()))
    truth = pc.index_in(training["label"], value_set=pa.array(classes)).to_numpy()
    coefficients, intercepts, settled = fit_one_vs_rest(vectors, truth, len(classes), config.strength, config.threads)
    return Model(
        facts={
            "family": "encoder_logistic",
            "classes": classes,
            "converged": settled,
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
        margins = np.asarray(vectors @ head["coefficients"].T + head["intercepts"], np.float64)  # [n, C]
        return np.asarray(softmax(log_expit(margins), axis=1))  # the logistic of each, over their sum

    return predict


def _vectors(files: Mapping[str, bytes], max_tokens: int, threads: int, rows: pa.Table) -> np.ndarray[Any, Any]:
    tokenizer = encoder_tokenizer(files[TOKENIZER], files[CONFIG], max_tokens)
    return sentence_vectors(build_encoder(files[CONFIG], files[WEIGHTS]), tokenizer, rows["text"].to_pylist(), threads)
