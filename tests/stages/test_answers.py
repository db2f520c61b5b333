"""Answers for rows in plain Python, from a model in a folder, in any interpreter."""

import json

import numpy as np
import pytest

from pipeline import Model, StageError, UsageError
from stages import Answer, Baseline, predict_rows

FRESH = """
    import json, sys
    from pipeline import Model
    from stages import predict_rows, predictor
    import pyarrow as pa
    model = Model.load(sys.argv[1])
    answers = predict_rows(model, ["crimson and here", {"text": "navy noise"}])
    print(json.dumps([answers, predictor(model)(pa.table({"text": ["crimson and here"]})).tolist()]))
"""


@pytest.fixture(scope="module")
def linear(toy):
    """A linear model of the toy problem."""
    return Baseline(model="TfidfLogistic").run(toy())


def test_an_answer_is_the_likeliest_label_and_its_probability(linear):
    first, second = predict_rows(linear, ["crimson some", {"text": "navy", "more": 3}])
    assert (first.label, second.label) == ("red", "blue")
    assert isinstance(first, Answer)
    assert 0.5 < first.probability <= 1
    assert predict_rows(linear, []) == []


def test_a_saved_model_answers_in_a_fresh_interpreter_and_no_store_is_there(linear, project, tmp_path):
    folder = linear.save(tmp_path / "model")
    process = project.python(FRESH, str(folder))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    answers, probabilities = json.loads(out)
    assert [label for label, _ in answers] == ["red", "blue"]
    assert np.isclose(answers[0][1], max(probabilities[0]))
    assert not list(project.folder.iterdir())


def known(kind, classes, values, monkeypatch):
    """A model that says what a test gives it."""
    monkeypatch.setattr("stages.predict._of_family", lambda model: lambda rows: np.array(values))
    return Model(facts={"family": "known", "target": {"kind": kind, "column": "y"}, "classes": classes})


def test_several_classes_are_those_likelier_than_not(monkeypatch):
    model = known("several_of", ["a", "b", "c"], [[0.6, 0.2, 0.9], [0.1, 0.1, 0.1]], monkeypatch)
    assert predict_rows(model, ["x", "y"]) == [[Answer("c", 0.9), Answer("a", 0.6)], []]


def test_a_number_is_a_float(monkeypatch):
    assert predict_rows(known("number", [], [[2.5], [3.0]], monkeypatch), ["x", "y"]) == [2.5, 3.0]


@pytest.mark.parametrize("rows", ["a text", {"text": "a text"}, [5], [["a"]], [None]])
def test_rows_that_are_none_are_a_message(linear, rows):
    with pytest.raises(UsageError, match="expected a list of texts or of dictionaries; put one row in brackets"):
        predict_rows(linear, rows)


def test_a_model_that_lacks_a_file_is_a_message(linear):
    files = {name: data for name, data in linear.files.items() if name != "terms.json"}
    with pytest.raises(StageError, match=r"files cannot be read as tfidf_logistic: .*terms\.json.*; make the model again"):
        predict_rows(Model(facts=linear.facts, files=files), ["x"])


def test_a_family_that_nobody_knows_is_named():
    with pytest.raises(StageError, match="model family 'forest' is unknown"):
        predict_rows(Model(facts={"family": "forest", "classes": ["a"]}), ["x"])
