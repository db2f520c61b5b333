"""The evaluation stage: metrics, slices, predictions."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix

from pipeline import Model, StageError, Table
from schemas import Prediction, SplitText
from stages import Baseline, Evaluate, Majority, TfidfLogistic
from stages.evaluate.slices import slices_of
from stages.predict import predictor

SLICES = ("length", "kind")


@pytest.fixture(scope="module")
def rows(toy):
    """The toy problem with a column to slice by, some of it null."""
    table = toy().read()
    return Table.of(SplitText, table.append_column("kind", pa.array([(None, "x", "y")[i % 3] for i in range(table.num_rows)])))


@pytest.fixture(scope="module")
def models(rows):
    return {"tfidf_logistic": Baseline(model=TfidfLogistic()).run(rows), "majority": Baseline(model=Majority()).run(rows)}


@pytest.fixture(scope="module")
def evaluated(rows, models):
    return Evaluate(slices=SLICES, resamples=100, min_rows=10).run(rows, models)


@pytest.fixture(scope="module")
def tested(rows):
    table = rows.read()
    return table.filter(pc.equal(table["split"], "test"))


def test_metrics_details_and_confusion_are_scikit_learns_on_the_test_rows(evaluated, models, tested):
    truth, facts = tested["label"].to_pylist(), evaluated.evaluation.facts
    assert facts["n"] == len(truth)
    assert list(facts["metrics"]) == ["tfidf_logistic", "majority"]
    for name, model in models.items():
        chosen = [model.facts["classes"][i] for i in predictor(model)(tested).argmax(1)]
        assert facts["metrics"][name]["accuracy"]["value"] == pytest.approx(accuracy_score(truth, chosen))
        theirs = classification_report(truth, chosen, output_dict=True, zero_division=0.0)
        for label, found in facts["details"][name]["classes"].items():
            assert found["support"] == theirs[label]["support"]
            for measure, expected in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
                one = found[measure]
                assert (one["value"] or 0.0) == pytest.approx(theirs[label][expected])  # None where it was never chosen
                assert one["status"] != "ok" or one["low"] <= one["value"] <= one["high"]
        assert facts["details"][name]["confusion"] == confusion_matrix(truth, chosen, labels=facts["classes"]).tolist()


def test_a_better_model_measures_better(evaluated):
    metrics = evaluated.evaluation.facts["metrics"]
    assert metrics["tfidf_logistic"]["accuracy"]["low"] > metrics["majority"]["accuracy"]["high"]
    assert metrics["tfidf_logistic"]["log_loss"]["high"] < metrics["majority"]["log_loss"]["low"]


def test_predictions_are_complete_models_in_turn_and_rows_in_order(evaluated, tested, models):
    table = evaluated.rows.read()
    assert table["model"].to_pylist() == [name for name in models for _ in range(tested.num_rows)]
    assert table["id"].to_pylist() == tested["id"].to_pylist() * 2
    assert table["label"].to_pylist() == tested["label"].to_pylist() * 2
    kept, away = Prediction.sift(table)
    assert (kept.num_rows, away.num_rows) == (2 * tested.num_rows, 0)
    classes = evaluated.evaluation.facts["classes"]
    for row in table.to_pylist():
        assert sum(row["values"]) == pytest.approx(1)
        assert row["prediction"] == classes[int(np.argmax(row["values"]))]


@pytest.mark.parametrize("column", SLICES)
def test_the_slices_of_a_column_part_the_test_rows(column, tested, evaluated):
    masks = [one.mask for one in slices_of((column,), tested)]
    assert np.sum(masks, axis=0).tolist() == [1] * tested.num_rows
    for details in evaluated.evaluation.facts["details"].values():
        found = [part for part in details["slices"] if part["column"] == column]
        assert sum(part["n"] for part in found) == tested.num_rows
        assert len(found) > 1


def test_a_slice_by_length_holds_the_lengths_it_says(tested):
    lengths = np.array([len(text) for text in tested["text"].to_pylist()])
    for one in slices_of(("length",), tested):
        low, high = map(int, one.value.split("-"))
        assert one.mask.tolist() == ((low <= lengths) & (lengths <= high)).tolist()


@pytest.mark.parametrize("lengths", [[5], [5, 5, 5, 5], [1, 1, 1, 9], [0, 1, 2, 3], [0, 0], [1, 9, 9, 9]])
def test_slices_by_length_part_the_rows_also_where_lengths_are_alike(lengths):
    table = pa.table({"text": ["x" * length for length in lengths]})
    found = {one.value: one.mask for one in slices_of(("length",), table)}
    assert np.sum(list(found.values()), axis=0).tolist() == [1] * len(lengths)
    for name, mask in found.items():
        low, high = map(int, name.split("-"))
        assert mask.tolist() == [low <= length <= high for length in lengths]


def slice_of(evaluated, model, name):
    return next(one for one in evaluated.evaluation.facts["details"][model]["slices"] if one["name"] == name)


def test_a_slice_with_few_rows_is_not_evaluated(rows, models):
    found = Evaluate(slices=SLICES, resamples=100, min_rows=10_000).run(rows, models)
    one = slice_of(found, "majority", "kind=x")
    assert one["status"] == one["metrics"]["accuracy"]["status"] == "not evaluated"
    assert one["reason"] == f"{one['n']} rows, fewer than 10000"
    assert one["metrics"]["accuracy"]["value"] is None
    assert found.evaluation.facts["details"]["majority"]["worst"] == {}


def test_the_metrics_of_a_slice_are_those_of_its_rows(evaluated, tested, models):
    mask = [kind == "x" for kind in tested["kind"].to_pylist()]
    part, model = tested.filter(mask), models["tfidf_logistic"]
    chosen = predictor(model)(part).argmax(1)
    right = np.mean([model.facts["classes"][i] == label for i, label in zip(chosen, part["label"].to_pylist(), strict=True)])
    found = slice_of(evaluated, "tfidf_logistic", "kind=x")
    assert (found["n"], found["metrics"]["accuracy"]["value"]) == (part.num_rows, pytest.approx(right))
    in_it = ["kind=x" in names for names in evaluated.rows.read()["slices"].to_pylist()]
    assert in_it == mask * 2


def test_a_null_in_a_slice_column_is_a_slice_of_its_own(evaluated):
    found = evaluated.evaluation.facts["details"]["majority"]["slices"]
    assert {one["name"] for one in found if one["column"] == "kind"} == {"kind=(missing)", "kind=x", "kind=y"}


def test_the_groups_of_the_split_are_what_is_resampled(rows, models, evaluated):
    table = rows.read()
    place = table.schema.get_field_index("group")
    halves = pa.array([f"file {i % 2}" for i in range(table.num_rows)])
    grouped = Table.of(SplitText, table.set_column(place, "group", halves))
    found = Evaluate(slices=SLICES, resamples=100, min_rows=10).run(grouped, models)
    assert (evaluated.evaluation.facts["groups"], found.evaluation.facts["groups"]) == (evaluated.evaluation.facts["n"], 2)
    assert set(found.rows.read()["group"].to_pylist()) == {"file 0", "file 1"}
    ours, theirs = (one.evaluation.facts["metrics"]["majority"]["accuracy"] for one in (found, evaluated))
    assert ours["value"] == theirs["value"]
    assert (ours["low"], ours["high"]) != (theirs["low"], theirs["high"])


def test_every_number_of_an_evaluation_is_finite(evaluated):
    json.dumps(dict(evaluated.evaluation.facts), allow_nan=False)


def test_a_column_to_slice_by_is_looked_for_when_steps_are_wired():
    assert dict(Evaluate(slices=("length", "kind")).columns_read()) == {"rows": ("text", "kind")}
    assert dict(Evaluate(slices=()).columns_read()) == {"rows": ()}


def test_a_class_that_a_model_never_saw_has_probability_0(texts):
    rows = texts("a", "c", "b", labels=["a", "c", "b"], record=SplitText, split=["test"] * 3)
    narrow = Model(facts={"family": "majority", "classes": ["c", "a"], "shares": [0.75, 0.25]})
    wide = Model(facts={"family": "majority", "classes": ["a", "d"], "shares": [0.5, 0.5]})
    found = Evaluate(resamples=100).run(rows, {"narrow": narrow, "wide": wide})
    assert found.evaluation.facts["classes"] == ["a", "b", "c", "d"]
    assert found.rows.read()["values"].to_pylist() == [[0.25, 0, 0.75, 0]] * 3 + [[0.5, 0, 0, 0.5]] * 3
    assert found.evaluation.facts["metrics"]["narrow"]["accuracy"]["value"] == pytest.approx(1 / 3)


def test_the_same_rows_and_models_give_the_same_evaluation(evaluated, rows, models):
    again = Evaluate(slices=SLICES, resamples=100, min_rows=10).run(rows, models)
    assert again.evaluation.facts == evaluated.evaluation.facts
    assert again.rows.read().equals(evaluated.rows.read())


def test_no_test_row_is_a_stage_error(texts, models):
    rows = texts("a", "b", record=SplitText, split=["train", "valid"])
    with pytest.raises(StageError, match="no row is for testing"):
        Evaluate().run(rows, models)


def test_rows_without_a_text_are_not_cut_by_length_unless_that_is_asked_for(rows):
    from schemas import SplitRow

    class Labelled(SplitRow):
        label: str

    bare = Table.of(Labelled, rows.read().drop_columns(["text", "kind"]))
    models = {"majority": Baseline(model=Majority()).run(bare)}
    found = Evaluate(resamples=100).run(bare, models)
    assert found.evaluation.facts["details"]["majority"]["slices"] == []
    assert dict(Evaluate().columns_read()) == {"rows": ()}
    assert dict(Evaluate(slices=("length", "kind")).columns_read()) == {"rows": ("text", "kind")}
