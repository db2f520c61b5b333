"""A frozen sentence encoder under logistic regressions of each class against the rest: its files, and theirs as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from safetensors.numpy import load, save
from scipy.special import log_expit, softmax

from pipeline import Model

from ..encoders.files import CONFIG, TOKENIZER, WEIGHTS
from ..encoders.module import build_encoder, encoder_tokenizer
from ..encoders.vectors import sentence_vectors
from ..predict import Predictor
from ..targets import Target
from ..texts import texts_of
from .one_vs_rest import fit_one_vs_rest
from .truth import classes_of, numbers_of, target_facts

if TYPE_CHECKING:
    from .rungs import EncoderLogistic


def fit_encoder_logistic(config: EncoderLogistic, files: Mapping[str, bytes], training: pa.Table, target: Target) -> Model:
    """Vectors of the training texts, once; then the regressions.

    files: those of the encoder, which the model keeps, byte for byte.
    """
    vectors = _vectors(files, config.max_tokens, config.threads, training)
    classes = classes_of(target, training[target.column])
    truth = numbers_of(training[target.column], classes)
    coefficients, intercepts, settled = fit_one_vs_rest(vectors, truth, len(classes), config.strength, config.threads)
    return Model(
        facts={
            "family": "encoder_logistic",
            "target": target_facts(target),
            "classes": classes,
            "converged": settled,
            "parameters": int(coefficients.size + intercepts.size + sum(one.size for one in load(files[WEIGHTS]).values())),
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
    return sentence_vectors(build_encoder(files[CONFIG], files[WEIGHTS]), tokenizer, texts_of(rows, "text"), threads)
