"""The most frequent label, always."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline import StageError
from schemas import SplitText
from stages import Baseline
from stages.predict import predictor


def test_probabilities_are_the_label_frequencies_of_the_training_rows(texts):
    labels, split = list("bbabcccc"), ["train"] * 4 + ["train", *["test"] * 3]
    model = Baseline(kind="majority").run(texts(*labels, labels=labels, record=SplitText, split=split))
    assert model.facts["classes"] == ["a", "b", "c"]
    assert np.allclose(predictor(model)(pa.table({"text": ["x", "y"]})), [[0.2, 0.6, 0.2]] * 2)


def test_a_single_label_is_a_stage_error_that_names_it(texts):
    rows = texts("a", "b", labels=["only", "only"], record=SplitText, split=["train", "train"])
    for kind in ("majority", "tfidf_logistic"):
        with pytest.raises(StageError, match=r"hold 1 label \(only\)"):
            Baseline(kind=kind).run(rows)
