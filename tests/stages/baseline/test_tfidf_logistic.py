"""A stored TF-IDF model is the scikit-learn pipeline it came from."""

import json
import random

import numpy as np
import pyarrow as pa
import pytest
from safetensors.numpy import load
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from pipeline.progress import listening
from schemas import SplitText
from stages import Baseline, TfidfLogistic
from stages.baseline import tfidf_logistic
from stages.predict import predictor

WORDS = [f"w{i}" for i in range(40)]


@pytest.fixture(scope="module")
def problem(texts):
    """Noisy texts whose label follows from the words' numbers; the last 60 are not for training."""

    def of(classes, n=240):
        draw = random.Random(classes)
        labels = [draw.randrange(classes) for _ in range(n)]
        values = [
            " ".join(draw.choices(WORDS, k=8) + draw.choices(WORDS[label::classes], k=3)) + draw.choice(["!", "?", " (x)."])
            for label in labels
        ]
        names = [f"label {label}" for label in labels]
        return texts(*values, labels=names, record=SplitText, split=["train"] * (n - 60) + ["test"] * 60)

    return of


def halves(rows):
    table = rows.read()
    training = table.filter([part == "train" for part in table["split"].to_pylist()])
    return training["text"].to_pylist(), training["label"].to_pylist(), table["text"].to_pylist()


@pytest.mark.parametrize("classes", [2, 5])
def test_a_stored_model_gives_the_probabilities_of_the_scikit_learn_pipeline(problem, classes):
    rows = problem(classes)
    texts, labels, everything = halves(rows)
    theirs = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"\w+|[^\w\s]", dtype=np.float32),
        LogisticRegression(C=10.0, solver="saga", max_iter=400, random_state=0),
    ).fit(texts, labels)
    model = Baseline(model=TfidfLogistic()).run(rows)
    assert model.facts["classes"] == list(theirs.classes_)
    expected = theirs.predict_proba([*everything, "", "never seen"])
    assert np.ptp(expected) > 0.5  # a model that tells classes apart, or nothing would be proved
    np.testing.assert_allclose(predictor(model)(pa.table({"text": [*everything, "", "never seen"]})), expected, atol=1e-5)


def test_letters_are_runs_of_characters_within_words(problem):
    rows = problem(3)
    texts, labels, everything = halves(rows)
    theirs = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 6), sublinear_tf=True, min_df=2, dtype=np.float32),
        LogisticRegression(C=10.0, solver="saga", max_iter=2000, random_state=0),
    ).fit(texts, labels)
    model = Baseline(model=TfidfLogistic(units="letters")).run(rows)
    np.testing.assert_allclose(predictor(model)(rows.read()), theirs.predict_proba(everything), atol=1e-5)


def test_the_comparison_above_would_catch_coefficients_saved_in_fortran_order(problem, monkeypatch):
    """safetensors writes memory as it lies: [classes, terms] in Fortran order came back scrambled once."""
    rows = problem(5)
    sound = predictor(Baseline(model=TfidfLogistic()).run(rows))(rows.read())

    monkeypatch.setattr(tfidf_logistic, "in_order", lambda weights, biases, seen, classes: (np.asfortranarray(weights), biases))
    scrambled = predictor(Baseline(model=TfidfLogistic()).run(rows))(rows.read())
    assert np.abs(scrambled - sound).max() > 0.1


def test_the_same_rows_give_the_same_bytes(problem):
    one, two = (Baseline(model=TfidfLogistic()).run(problem(3)) for _ in range(2))
    assert one.files == two.files
    assert one.facts == two.facts


def test_files_are_plain_numbers_and_terms_of_training_rows(problem, texts):
    rows = problem(3)
    model = Baseline(model=TfidfLogistic(size=50)).run(rows)
    terms = json.loads(model.read("terms.json"))
    arrays = load(model.read("weights.safetensors"))
    assert set(model.files) == {"terms.json", "terms.safetensors", "weights.safetensors"}
    assert len(terms) == 50
    assert arrays["coefficients"].shape == (3, 50)
    assert model.facts["parameters"] == 3 * 50 + 3
    secret = texts(*(rows.read()["text"].to_pylist()), "secret secret", "secret secret", record=SplitText,
                   labels=[*rows.read()["label"].to_pylist(), "label 1", "label 1"],
                   split=[*rows.read()["split"].to_pylist(), "test", "valid"])  # fmt: skip
    assert Baseline(model=TfidfLogistic(size=50)).run(secret).files == model.files


def test_labels_that_the_texts_do_not_decide_take_more_rounds_and_settle(texts):
    draw = random.Random(1)
    labels = [draw.randrange(3) for _ in range(200)]
    values = [
        "the animal says " + " ".join(draw.choices(WORDS[label:8:3], k=2) + draw.choices(WORDS[:8], k=2)) for label in labels
    ]
    names = [f"label {draw.randrange(3) if draw.random() < 0.3 else label}" for label in labels]
    facts = Baseline(model=TfidfLogistic()).run(texts(*values, labels=names, record=SplitText, split=["train"] * 200)).facts
    assert facts["converged"]
    assert facts["iterations"] > 400  # where it stopped once, with a warning of the library on the terminal


def test_a_fit_that_has_not_settled_says_so_in_its_facts_and_as_a_note(problem, monkeypatch):
    monkeypatch.setattr(tfidf_logistic, "_ROUNDS", 3)
    heard = []
    with listening("linear", lambda *news: heard.append(news)):
        facts = Baseline(model=TfidfLogistic()).run(problem(3)).facts  # a warning would be an error here
    assert (facts["converged"], facts["iterations"]) == (False, 3)
    assert heard == [("linear", 3, 3, "note: the fit has not settled after 3 rounds; a strength below 10 helps")]
