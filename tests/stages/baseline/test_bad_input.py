"""What no rung may fall over, or must refuse in plain words; and how a rung is chosen."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipeline import StageError, UsageError
from pipeline.settings import with_settings
from schemas import SplitText
from stages import Baseline, Boosting, EncoderLogistic, Evaluate, Majority, NbSvm, TfidfLogistic
from stages.predict import predictor

NAMES = ("majority", "nb_svm", "tfidf_logistic", "boosting", "encoder_logistic")


@pytest.fixture(params=NAMES)
def rung(request, encoder_folder):
    if request.param == "encoder_logistic":
        return EncoderLogistic(encoder=str(encoder_folder()), max_tokens=16)
    return {"majority": Majority(), "nb_svm": NbSvm(), "tfidf_logistic": TfidfLogistic(), "boosting": Boosting(text="text")}[
        request.param
    ]


def test_one_class_in_training_is_refused_by_name(rung, texts):
    rows = texts("a b", "b c", "c d", labels=["only", "only", "other"], record=SplitText, split=["train", "train", "test"])
    with pytest.raises(StageError, match=r"hold 1 label \(only\), expected at least 2"):
        Baseline(model=rung).run(rows)


def test_a_label_that_training_lacks_counts_as_wrong_and_breaks_nothing(rung, texts):
    values = ["red one", "blue two"] * 10
    split = ["train"] * 14 + ["valid"] * 2 + ["test"] * 4
    labels = ["r", "b"] * 7 + ["new", "b"] + ["r", "b", "never seen", "b"]
    rows = texts(*values, labels=labels, record=SplitText, split=split)
    model = Baseline(model=rung).run(rows)
    assert model.facts["classes"] == ["b", "r"]
    facts = Evaluate(resamples=100, slices=()).run(rows, {"one": model}).evaluation.facts
    assert facts["classes"] == ["b", "never seen", "r"]
    assert facts["metrics"]["one"]["accuracy"]["value"] <= 0.75


def test_empty_texts_and_unknown_words_are_predicted(rung, toy):
    model = Baseline(model=rung).run(toy())
    found = predictor(model)(pa.table({"text": ["", " ", "\0", "nobody knows these", "crimson " * 5000]}))
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(1), 1)


def test_rows_that_are_all_identical_get_what_their_labels_are(rung, texts):
    rows = texts(*["same words here"] * 60, labels=["a", "b"] * 30, record=SplitText, split=["train"] * 40 + ["valid"] * 20)
    found = predictor(Baseline(model=rung).run(rows))(pa.table({"text": ["same words here", "others"]}))
    np.testing.assert_allclose(found[0], [0.5, 0.5], atol=0.05)


@pytest.mark.parametrize("model", [NbSvm(), TfidfLogistic(), Boosting(text="text")], ids=lambda rung: type(rung).__name__)
def test_training_texts_without_a_word_are_refused_in_plain_words(model, texts):
    rows = texts(*[""] * 20, labels=["a", "b"] * 10, record=SplitText, split=["train"] * 20)
    with pytest.raises(StageError, match="the 20 training texts have no word that comes often enough"):
        Baseline(model=model).run(rows)


def test_without_validation_rows_every_rung_fits(rung, texts):
    rows = texts(*["red one", "blue two"] * 20, labels=["r", "b"] * 20, record=SplitText, split=["train"] * 40)
    found = predictor(Baseline(model=rung).run(rows))(pa.table({"text": ["red one", "blue two"]}))
    assert found.shape == (2, 2)


def test_a_rung_is_set_by_its_name_by_name_and_fields_or_field_by_field():
    stage = Baseline(model=Majority())
    assert with_settings("linear", stage, [("model", "NbSvm")]) == Baseline(model=NbSvm())
    assert with_settings("linear", stage, [("model", '{"NbSvm": {"beta": 0.5}}')]) == Baseline(model=NbSvm(beta=0.5))
    assert with_settings("linear", stage, [("model", "TfidfLogistic"), ("model.strength", "3")]) == Baseline(
        model=TfidfLogistic(strength=3)
    )
    with pytest.raises(UsageError, match=r"Rung has no part 'NbSwm'; did you mean 'NbSvm'"):
        with_settings("linear", stage, [("model", "NbSwm")])


@pytest.mark.parametrize("fields", [{"beta": 1.5}, {"strength": 0}, {"smoothing": 0}, {"size": 0}])
def test_a_value_that_no_fit_could_use_is_refused(fields):
    with pytest.raises(ValidationError):
        NbSvm(**fields)


def test_the_columns_that_a_rung_reads_are_looked_for_when_steps_are_wired():
    assert dict(Baseline(model=Majority()).columns_read()) == {"rows": {"label": "string"}}
    assert dict(Baseline(model=NbSvm()).columns_read()) == {"rows": {"label": "string", "text": None}}
    rung = Boosting(numbers=("a",), categories=("b",), text="c")
    assert dict(Baseline(model=rung).columns_read()) == {"rows": {"label": "string", "a": None, "b": None, "c": None}}
