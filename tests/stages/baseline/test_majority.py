"""The most frequent label, always."""

import numpy as np
import pyarrow as pa

from schemas import SplitText
from stages import Baseline, Majority
from stages.predict import predictor


def test_probabilities_are_the_label_frequencies_of_the_training_rows(texts):
    labels, split = list("bbabcccc"), ["train"] * 4 + ["train", *["test"] * 3]
    model = Baseline(model=Majority()).run(texts(*labels, labels=labels, record=SplitText, split=split))
    assert model.facts["classes"] == ["a", "b", "c"]
    assert np.allclose(predictor(model)(pa.table({"text": ["x", "y"]})), [[0.2, 0.6, 0.2]] * 2)
