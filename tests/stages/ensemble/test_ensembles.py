"""Several models as one: what they must agree on, what they say together, and through a pipeline."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import LocalStore, Model, Pipeline, Stage, StageError, Step, Table
from pipeline.publish import load
from pipeline.stage import Port
from schemas import SplitText
from stages import Average, Baseline, Evaluate, Stack, predict_rows, predictor
from stages.ensemble.members import members_of

ROWS = pa.table({"text": ["one", "two"]})


def constant(**shares):
    """A model that says the same of every row."""
    return Model(
        facts={"family": "majority", "classes": list(shares), "parameters": len(shares), "shares": list(shares.values())}
    )


def test_an_average_is_the_mean_of_the_probabilities():
    found = Average().run({"x": constant(a=0.9, b=0.1), "y": constant(a=0.5, b=0.5)})
    np.testing.assert_allclose(predictor(found)(ROWS), [[0.7, 0.3]] * 2)
    assert (found.facts["family"], found.facts["parameters"]) == ("average", 6)


def test_weights_are_shares():
    found = Average(weights={"x": 3, "y": 1}).run({"y": constant(a=0.5, b=0.5), "x": constant(a=0.9, b=0.1)})
    np.testing.assert_allclose(predictor(found)(ROWS), [[0.8, 0.2]] * 2)


def test_classes_in_another_order_are_aligned():
    found = Average().run({"x": constant(a=0.9, b=0.1), "y": constant(b=0.5, a=0.5), "z": constant(b=0.9, a=0.1)})
    np.testing.assert_allclose(predictor(found)(ROWS), [[0.5, 0.5]] * 2)
    assert found.facts["classes"] == ["a", "b"]


@pytest.mark.parametrize("order", [("x", "y"), ("y", "x")])
def test_other_classes_are_refused_by_name(order):
    models = {"x": constant(a=0.9, b=0.1), "y": constant(a=0.5, c=0.5)}
    with pytest.raises(
        StageError, match=rf"models '{order[0]}' and '{order[1]}' differ in their classes: 'b' is known to 'x' alone"
    ):
        Average().run({name: models[name] for name in order})


def test_another_target_is_refused_by_name():
    number = Model(facts={"family": "net", "target": {"kind": "number", "column": "price"}, "classes": []})
    with pytest.raises(
        StageError, match=r"models 'x' and 'y' differ in their target: one_of of column 'label', and number of column 'price'"
    ):
        Average().run({"x": constant(a=0.9, b=0.1), "y": number})


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"x": 1, "q": 1}, "a weight for 'q', which is none of the models"),
        ({"x": 1}, "no weight for 'y'"),
        ({"x": 0, "y": 0}, "all weights are 0"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, said):
    with pytest.raises(StageError, match=said):
        Average(weights=weights).run({"x": constant(a=1.0, b=0.0), "y": constant(a=1.0, b=0.0)})


def test_one_model_is_no_ensemble():
    with pytest.raises(StageError, match="an ensemble of x is none"):
        Average().run({"x": constant(a=0.9, b=0.1)})


def test_an_ensemble_may_hold_ensembles():
    inner = Average().run({"x": constant(a=0.9, b=0.1), "y": constant(a=0.5, b=0.5)})
    outer = Average().run({"inner": inner, "z": constant(a=0.1, b=0.9)})
    np.testing.assert_allclose(predictor(outer)(ROWS), [[0.4, 0.6]] * 2)


@pytest.mark.parametrize("members", [None, {}, 5])
def test_an_ensemble_without_members_is_refused(members):
    with pytest.raises(StageError, match="has no members; make it again"):
        predictor(Model(facts={"family": "average", "classes": ["a"], "members": members, "weights": []}))


def by_word(word, sure=0.9):
    """A model for which texts with a word are a, all others b, each with the same probability."""
    return Model(facts={"family": "by_word", "classes": ["a", "b"], "parameters": 4, "word": word, "sure": sure})


def say(model):
    """What the models of these tests say: by a word, or as it stands in their facts."""
    facts = model.facts
    if facts["family"] == "by_word":

        def answer(rows):
            has = np.array([facts["word"] in text for text in rows["text"].to_pylist()])
            first = np.where(has, facts["sure"], 1 - facts["sure"])
            return np.column_stack([first, 1 - first])

        return answer
    return lambda rows: np.asarray(facts["values"], float)[rows["place"].to_numpy()]


@pytest.fixture
def known(monkeypatch):
    """Models whose outputs a test knows."""
    monkeypatch.setattr("stages.ensemble.members.predictor", say)


@pytest.fixture
def rows(texts):
    """200 texts: "good" is right nine times in ten, "noise" half of the time; every second row is for validation."""

    def of(valid="valid"):
        draw = np.random.default_rng(3)
        labels = draw.choice(["a", "b"], 200)
        good = [("good" if (label == "a") ^ (draw.random() < 0.1) else "bad") for label in labels]
        noise = draw.choice(["noise", "calm"], 200)
        split = [valid, "train"] * 100
        return texts(*map(" ".join, zip(good, noise, strict=True)), labels=list(labels), record=SplitText, split=split)

    return of


@pytest.mark.usefixtures("known")
def test_a_stack_learns_whom_to_trust_from_the_validation_rows(rows):
    models = {"good": by_word("good"), "noise": by_word("noise", sure=0.999)}
    stacked, averaged = Stack().run(rows(), models), Average().run(models)
    table = rows().read()
    truth = np.array(table["label"].to_pylist()) == "a"

    def right(predict):
        return ((predict(table)[:, 0] > 0.5) == truth).mean()

    assert right(predictor(stacked)) == right(say(models["good"])) > 0.85
    assert right(predictor(averaged)) < 0.7  # the one that is so sure of itself has its way
    assert np.allclose(predictor(stacked)(table).sum(1), 1)
    assert stacked.facts["fitted_on"] == {"split": "valid", "rows": 100}
    assert Stack().run(rows(), models) == stacked


@pytest.mark.usefixtures("known")
def test_a_stack_never_looks_at_rows_of_other_splits(rows):
    models = {"good": by_word("good"), "noise": by_word("noise")}
    table = rows().read()
    wrong = [
        "b" if split == "train" and label == "a" else label
        for split, label in zip(*map(pa.ChunkedArray.to_pylist, (table["split"], table["label"])), strict=True)
    ]
    changed = Table.of(SplitText, table.set_column(table.column_names.index("label"), "label", pa.array(wrong)))
    assert Stack().run(changed, models) == Stack().run(rows(), models)
    with pytest.raises(StageError, match="no row is for validation"):
        Stack().run(rows(valid="test"), models)


def test_a_stack_of_one_class_is_refused(texts):
    one = texts("good", "bad", labels=["a", "a"], record=SplitText, split=["valid", "valid"])
    with pytest.raises(StageError, match="the validation rows hold 1 of the classes"):
        Stack().run(one, {"x": constant(a=0.5, b=0.5), "y": constant(a=0.5, b=0.5)})


def test_a_class_that_validation_never_saw_keeps_its_mean_and_rows_sum_to_one(texts):
    seen = texts(*["t"] * 40, labels=["a", "b"] * 20, record=SplitText, split=["valid"] * 40)
    stacked = Stack().run(seen, {"x": constant(a=0.5, b=0.3, c=0.2), "y": constant(a=0.2, b=0.4, c=0.4)})
    found = predictor(stacked)(ROWS)
    np.testing.assert_allclose(found[:, 2], 0.3)
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_allclose(found[:, 0], found[:, 1], atol=1e-3)


def scored(kind, classes, values):
    """A model whose outputs a test knows: an average hides none of them."""
    return Model(facts={"family": "known", "target": {"kind": kind, "column": "truth"}, "classes": classes, "values": values})


class Truth(SplitText):
    """Rows with a truth of their own."""

    place: int
    truth: float


class Truths(SplitText):
    """Rows of several classes."""

    place: int
    truth: list[str]


def some(texts, record, truth):
    n = len(truth)
    return texts(*["t"] * n, record=record, split=["valid"] * n, place=range(n), truth=truth)


@pytest.mark.usefixtures("known")
def test_numbers_are_stacked_by_a_ridge(texts):
    draw = np.random.default_rng(0)
    signal, noise = draw.normal(size=80), draw.normal(size=80)
    models = {"signal": scored("number", [], signal[:, None].tolist()), "noise": scored("number", [], noise[:, None].tolist())}
    rows = some(texts, Truth, 3 * signal + 7)
    found = predictor(Stack(strength=100).run(rows, models))(rows.read())
    assert found.shape == (80, 1)
    np.testing.assert_allclose(found[:, 0], 3 * signal + 7, atol=0.01)
    averaged = predictor(Average().run(models))(rows.read())
    np.testing.assert_allclose(averaged[:, 0], (signal + noise) / 2)


@pytest.mark.usefixtures("known")
def test_several_classes_are_stacked_each_on_its_own(texts):
    draw = np.random.default_rng(0)
    truth = draw.random((120, 2)) < [0.3, 0.6]
    classes = ["p", "q", "never"]
    good = np.column_stack([np.where(truth, 0.7, 0.3), np.full(120, 0.2)])
    models = {
        "good": scored("several_of", classes, good.tolist()),
        "noise": scored("several_of", classes, draw.random((120, 3)).tolist()),
    }
    rows = some(texts, Truths, [[name for name, has in zip("pq", row, strict=True) if has] for row in truth])
    found = predictor(Stack().run(rows, models))(rows.read())
    assert ((found[:, :2] > 0.5) == truth).all()
    assert ((found[:, 2] > 0) & (found[:, 2] < 1)).all()


class Rows(Stage):
    """Rows of a file that a test has written."""

    path: str

    def run(self) -> Table[SplitText]:
        """All."""
        return Table.of(SplitText, pq.read_table(self.path))


def test_ensembles_run_in_a_pipeline_are_evaluated_and_keep_no_copies(toy, store: LocalStore, tmp_path):
    pq.write_table(toy().read(), tmp_path / "rows.parquet")
    built = Pipeline(
        "both",
        Step("split", Rows(path=str(tmp_path / "rows.parquet"))),
        Step("linear", Baseline(model="TfidfLogistic"), reads={"rows": "split"}),
        Step("majority", Baseline(model="Majority"), reads={"rows": "split"}),
        Step("average", Average(), reads={"models": ("linear", "majority")}),
        Step("stack", Stack(), reads={"models": ("linear", "majority"), "rows": "split"}),
        Step("report", Evaluate(resamples=100), reads={"rows": "split", "models": ("linear", "average", "stack", "majority")}),
    )
    record = built.run(str(store.root))
    assert record.status == "done", record
    accuracy = {name: found["accuracy"]["value"] for name, found in record.metrics.items()}
    assert accuracy["stack"] == accuracy["linear"] > 0.9 > accuracy["majority"]
    assert built.run(str(store.root)).status == "up-to-date"

    models = {
        step: load(store, record.step(step).outputs["model"], Port("model", Model)) for step in ("linear", "average", "stack")
    }
    for name, content in models["linear"].files.items():
        assert (
            models["average"].files[f"linear/{name}"].digest == models["stack"].files[f"linear/{name}"].digest == content.digest
        )
    out = Model.load(models["stack"].save(tmp_path / "model"))
    assert members_of(out).keys() == {"linear", "majority"}
    assert predict_rows(out, ["crimson here"])[0].label == "red"
