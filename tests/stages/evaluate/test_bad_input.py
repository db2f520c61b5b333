"""What nobody wishes for, through the real stages: each gives a clear answer."""

import json
import time

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Model, StageError, Table
from schemas import Prediction, SplitText
from stages import Compare, Evaluate

N = 120
HOSTILE = (
    "<script>alert('x')</script>", '"quoted" & \'so\'', "two\nlines\r\n", "שלום \u202eexe.txt", "[bold]x[/bold]", "a|b", "\x1b[31mred", " ",
)  # fmt: skip


def rows(labels, **columns):
    ids = [f"r{i:05}" for i in range(len(labels))]
    table = {"id": ids, "text": ["a text"] * len(labels), "label": labels, "split": ["test"] * len(labels), "group": ids}
    return Table.of(SplitText, pa.table(table | columns))


def constant(classes, shares):
    """A real model: the same of each row."""
    target = {"kind": "one_of", "column": "label"}
    return Model(facts={"family": "majority", "classes": list(classes), "shares": list(shares), "target": target})


def evaluated(labels, models, columns=None, **config):
    columns = columns or {}
    return Evaluate(**{"slices": tuple(columns), "behaviours": (), "resamples": 100, **config}).run(
        rows(labels, **columns), models
    )


def test_test_rows_with_one_id_are_refused_since_two_runs_could_not_be_paired_by_it():
    with pytest.raises(
        StageError, match=r"1 ids are those of several test rows, 'r00000' of 2; give each row an id of its own"
    ):
        evaluated(["a", "b"] * 60, {"net": constant("ab", (0.8, 0.2))}, {"id": ["r00000", *(f"r{i:05}" for i in range(N - 1))]})


def test_one_class_in_test_is_measured_and_says_what_it_cannot_be():
    found = evaluated(["a"] * N, {"net": constant("ab", (0.8, 0.2)), "linear": constant("ab", (0.6, 0.4))})
    facts = found.evaluation.facts
    metrics = facts["metrics"]["net"]
    undefined = {name: one["reason"] for name, one in metrics.items() if one["status"] != "ok"}
    assert undefined == {
        "mcc": "not defined on these rows", "auroc": "the rows are all of one class",
        "average_precision": "the rows are all of one class",
    }  # fmt: skip
    assert {metrics[name]["value"] for name in undefined} == {None}
    assert (metrics["accuracy"]["value"], metrics["log_loss"]["value"]) == (1.0, pytest.approx(-np.log(0.8)))
    classes = facts["details"]["net"]["classes"]
    assert classes["b"]["recall"]["reason"] == classes["b"]["f1"]["reason"] == "no row is of it"
    assert classes["b"]["precision"]["reason"] == "it was never chosen"
    assert facts["suspects"]["reason"] == "all rows have one label"
    json.dumps(dict(facts), allow_nan=False)
    told = Compare(model="net", baselines=("linear",), resamples=100).run(found.evaluation, found.rows).facts
    assert told["keep"]["line"].startswith("keep net: linear is neither shown better nor worse, +0.0 points of accuracy")
    assert "auroc" not in {one["metric"] for one in told["comparisons"]}
    with pytest.raises(
        StageError, match="metric 'auroc' is not defined on these test rows, so that no model can be kept by it"
    ):
        Compare(model="net", baselines=("linear",), metric="auroc", resamples=100).run(found.evaluation, found.rows)


def test_a_metric_that_is_not_defined_on_a_slice_says_so_there():
    labels = ["a"] * 40 + ["ab"[i % 2] for i in range(80)]
    kind = ["one"] * 40 + ["both"] * 80
    found = evaluated(labels, {"net": constant("ab", (0.8, 0.2))}, {"kind": kind}).evaluation.facts
    both, one = (part["metrics"] for part in found["details"]["net"]["slices"])
    assert (one["mcc"]["status"], one["mcc"]["reason"], one["mcc"]["value"]) == (
        "not evaluated",
        "not defined on these rows",
        None,
    )
    assert (both["mcc"]["status"], one["accuracy"]["status"]) == ("ok", "ok")
    assert found["metrics"]["net"]["mcc"]["status"] == "ok"


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((float("nan"), 0.5), r"model 'net' says \[nan, 0\.5\], together nan of row 'r00000', expected finite numbers"),
        ((0.7, 0.7), r"model 'net' says \[0\.7, 0\.7\], together 1\.4 of row 'r00000', expected probabilities of 0 or more that add up to 1"),
        ((1.4, -0.4), r"model 'net' says \[1\.4, -0\.4\], together 1 of row 'r00000', expected probabilities of 0 or more"),
    ],
)  # fmt: skip
def test_scores_that_are_no_probabilities_are_refused_with_model_row_and_way_out(shares, told):
    with pytest.raises(StageError, match=told + r".* \(120 of 120 rows are so\); mend the model before it is measured"):
        evaluated(["a", "b"] * (N // 2), {"net": constant("ab", shares)})


def test_class_names_of_every_kind_come_back_as_they_are():
    labels = [HOSTILE[i % len(HOSTILE)] for i in range(N)]
    classes = sorted(HOSTILE)
    shares = np.linspace(1, 2, len(classes)) / np.linspace(1, 2, len(classes)).sum()
    found = evaluated(labels, {"net": constant(classes, shares)}, {"kind": labels}, min_rows=5)
    facts = json.loads(json.dumps(dict(found.evaluation.facts), allow_nan=False))
    assert (facts["classes"], set(facts["details"]["net"]["classes"])) == (classes, set(HOSTILE))
    assert facts["data"]["labels"] == dict.fromkeys(HOSTILE, N // len(HOSTILE))
    assert {one["name"] for one in facts["details"]["net"]["slices"]} == {f"kind={name}" for name in HOSTILE}
    assert {one["label"] for one in facts["details"]["net"]["confused"]} == set(HOSTILE) - {classes[-1]}
    table = found.rows.read()
    assert Prediction.sift(table)[1].num_rows == 0
    assert table["label"].to_pylist() == labels
    compared = Compare(model="net", baselines=("linear",), resamples=100).diff(found._asdict(), found._asdict())
    assert {one["name"] for one in compared.facts["models"]["net"]["slices"]} == {f"kind={name}" for name in HOSTILE}
    assert set(compared.rows["label"].to_pylist()) == set(HOSTILE)


@pytest.fixture(scope="module")
def many():
    """10,000 classes of which 400 rows name a few, two runs, and the processor's seconds that each part took."""
    names = [f"class {i:05}" for i in range(10_000)]
    random = np.random.default_rng(0)
    labels = [names[i] for i in random.integers(10_000, size=400)]
    models = [constant(names, random.dirichlet(np.ones(10_000))) for _ in range(2)]
    start = time.process_time()
    runs = [evaluated(labels, {"net": model}) for model in models]
    middle = time.process_time()
    compared = Compare(model="net", baselines=("linear",), resamples=100).diff(*(run._asdict() for run in runs))
    return runs[0], compared, (middle - start, time.process_time() - middle)


def test_10_000_classes_take_seconds(many):
    assert max(many[2]) < 25


def test_of_10_000_classes_no_table_of_all_pairs_is_written(many):
    run, compared, _ = many
    details = run.evaluation.facts["details"]["net"]
    assert details["confusion"] is None
    assert 0 < len(details["confused"]) <= 50
    assert len(details["classes"]) == 10_000
    assert len(json.dumps(dict(run.evaluation.facts))) < 12_000_000  # one entry a class, and nothing for each two of them
    assert run.evaluation.facts["metrics"]["net"]["auroc"]["reason"] == "there are 10,000 classes, more than 200"
    assert run.evaluation.facts["metrics"]["net"]["accuracy"]["status"] == "ok"
    assert len(json.dumps(compared.facts)) < 100_000
    assert compared.facts["comparable"] == {"status": "yes", "reasons": []}
    assert compared.verdict in ("equivalent", "undecided")


def test_an_error_about_a_row_of_10_000_classes_is_short():
    names = [f"class {i:05}" for i in range(10_000)]
    with pytest.raises(StageError) as error:
        evaluated(["class 00001"] * 40, {"net": constant(names, [float("nan")] * 10_000)})
    assert len(str(error.value)) < 300
