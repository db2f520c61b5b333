"""A stored model as a function from rows to probabilities."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Model, StageError
from stages import Baseline, Boosting, Majority, NbSvm, TfidfLogistic
from stages.predict import predictor

RUNGS = {"majority": Majority(), "nb_svm": NbSvm(), "tfidf_logistic": TfidfLogistic(), "boosting": Boosting(text="text")}


@pytest.fixture
def a_model(toy, features, trainer):
    """A model of a family, fitted to the toy problem."""

    def of(family):
        if family == "net":
            return trainer(epochs=1).run(features.rows, features.vocabulary).model
        return Baseline(model=RUNGS[family]).run(toy())

    return of


@pytest.mark.parametrize("family", [*RUNGS, "net"])
def test_every_family_gives_a_row_of_probabilities_a_row(family, a_model):
    model = a_model(family)
    assert model.facts["family"] == family
    found = predictor(model)(pa.table({"text": ["crimson and azure", "", "words that nobody saw"]}))
    assert found.shape == (3, len(model.facts["classes"]))
    assert np.allclose(found.sum(1), 1)
    assert (found >= 0).all()


@pytest.mark.parametrize("family", [*RUNGS, "net"])
def test_every_family_gives_no_row_for_no_text(family, a_model):
    model = a_model(family)
    assert predictor(model)(pa.table({"text": pa.array([], pa.string())})).shape == (0, 3)


@pytest.mark.parametrize("facts", [{"family": "forest"}, {}])
def test_a_family_that_nobody_knows_is_a_stage_error_that_names_it(facts):
    with pytest.raises(StageError, match=rf"model family {facts.get('family')!r} is unknown, expected one of majority"):
        predictor(Model(facts=facts))


@pytest.mark.parametrize("family", [family for family in (*RUNGS, "net") if family != "majority"])
def test_rows_that_a_model_cannot_read_are_a_message(family, a_model):
    says = predictor(a_model(family))
    for rows in (pa.table({"txt": ["crimson"]}), pa.table({"text": [5]})):
        with pytest.raises(StageError) as caught:
            says(rows)
        assert "Traceback" not in str(caught.value)
        assert "txt" in str(caught.value) or "text" in str(caught.value)


def test_a_model_that_names_other_classes_than_it_says_is_refused(a_model):
    model = a_model("net")
    for classes in (["a"], ["a", "b", "c", "d"]):
        with pytest.raises(StageError, match=r"says 3 values a row and names . classes|cannot be read"):
            predictor(Model(facts={**model.facts, "classes": classes}, files=model.files))(pa.table({"text": ["crimson"]}))
