"""NB-SVM is what the paper says, written out anew here."""

import random

import numpy as np
import pyarrow as pa
import pytest
from safetensors.numpy import load
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from schemas import SplitText
from stages import Baseline, NbSvm
from stages.predict import predictor

WORDS = [f"w{i}" for i in range(40)]


@pytest.fixture(scope="module")
def problem(texts):
    """Noisy texts whose label follows from the words' numbers: 150 to train, 60 to validate, 30 to test."""

    def of(classes, n=240, valid=60):
        draw = random.Random(classes)
        labels = [draw.randrange(classes) for _ in range(n)]
        values = [" ".join(draw.choices(WORDS, k=8) + draw.choices(WORDS[label::classes], k=3)) for label in labels]
        split = ["train"] * (n - 30 - valid) + ["valid"] * valid + ["test"] * 30
        return texts(*values, labels=[f"label {label}" for label in labels], record=SplitText, split=split)

    return of


def written_out(rows, classes, beta, alpha, strength):
    """Margins of all rows: Wang and Manning 2012, section 2, with loops."""
    table = rows.read().to_pydict()
    training = [i for i, part in enumerate(table["split"]) if part == "train"]
    vectorizer = CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=r"\w+|[^\w\s]")
    features = vectorizer.fit_transform([table["text"][i] for i in training]).toarray().astype(float)
    everything = vectorizer.transform(table["text"]).toarray()
    margins = []
    for label in classes:
        mine = np.array([table["label"][i] == label for i in training])
        p, q = alpha + features[mine].sum(0), alpha + features[~mine].sum(0)
        ratio = np.log((p / np.abs(p).sum()) / (q / np.abs(q).sum()))
        machine = LinearSVC(C=strength, random_state=0).fit(features * ratio, mine)
        weights = machine.coef_[0]
        weights = (1 - beta) * np.abs(weights).sum() / len(weights) + beta * weights
        margins.append((everything * ratio) @ weights + machine.intercept_)
    return np.array(margins).T


@pytest.mark.parametrize("classes", [2, 4])
def test_margins_are_those_of_the_paper(problem, classes):
    rows = problem(classes)
    model = Baseline(model=NbSvm(beta=0.3, smoothing=0.5, strength=0.7)).run(rows)
    found = predictor(model)(rows.read())
    assert np.allclose(found.sum(1), 1)
    assert np.ptp(found) > 0.5
    margins = written_out(rows, model.facts["classes"], 0.3, 0.5, 0.7)
    logits = np.log(found) / model.facts["temperature"]
    centred = [some - some.mean(1, keepdims=True) for some in (logits, margins)]
    np.testing.assert_allclose(*centred, atol=2e-4)


def test_the_validation_rows_calibrate_the_probabilities_and_not_the_choice(problem):
    rows = problem(3)
    with_, without = (Baseline(model=NbSvm()).run(some) for some in (rows, problem(3, n=180, valid=0)))
    assert with_.facts["temperature"] != without.facts["temperature"] != 1
    table = rows.read()
    known = table.filter([part == "valid" for part in table["split"].to_pylist()])
    truth = [with_.facts["classes"].index(label) for label in known["label"].to_pylist()]

    def loss(probabilities):
        return -np.log(probabilities[np.arange(len(truth)), truth]).mean()

    found = predictor(with_)(known)
    for other in (0.8, 1.25):
        bent = found**other / (found**other).sum(1, keepdims=True)
        assert loss(found) < loss(bent)


def test_the_same_rows_give_the_same_bytes(problem):
    one, two = (Baseline(model=NbSvm()).run(problem(3)) for _ in range(2))
    assert one.files == two.files
    assert one.facts == two.facts
    assert load(one.read("weights.safetensors"))["weights"].shape[0] == 3
    assert set(one.files) == {"terms.json", "weights.safetensors"}


def test_a_text_without_a_known_word_gets_the_intercepts(problem):
    model = Baseline(model=NbSvm()).run(problem(3))
    found = predictor(model)(pa.table({"text": ["", "never seen", "!"]}))
    intercepts = load(model.read("weights.safetensors"))["intercepts"] * model.facts["temperature"]
    np.testing.assert_allclose(found, [np.exp(intercepts) / np.exp(intercepts).sum()] * 3, rtol=1e-5)
