"""Gradient boosting: numbers and categories as they are, missing and never seen ones too, and a text."""

import json
import random

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError
from safetensors.numpy import load, save

from pipeline import Model, StageError, Table
from schemas import SplitRow
from stages import Baseline, Boosting, OneOf
from stages.predict import predictor

NUMBERS, CATEGORIES = ("size", "age", "wild"), ("colour", "place")


class Animal(SplitRow):
    size: float | None
    age: int | None
    wild: bool
    colour: str | None
    place: int | None
    text: str
    label: str


def animals(n=400, **columns):
    draw = random.Random(3)
    table = {name: [] for name in ("size", "age", "wild", "colour", "place", "text", "label")}
    for _ in range(n):
        size, colour = draw.choice([None, float("nan"), draw.uniform(0, 10)]), draw.choice(["red", "blue", None])
        big = size is not None and size == size and size > 5
        word = draw.choice(["purrs", "barks"])
        row = {"size": size, "age": draw.choice([None, 1, 2]), "wild": draw.random() < 0.5, "colour": colour, "place": draw.choice([1, 2, None]),
               "text": f"it {word} a lot", "label": "cat" if (word == "purrs") else "ox" if big or colour == "red" else "dog"}  # fmt: skip
        for name, value in row.items():
            table[name].append(value)
    ids = [str(i) for i in range(n)]
    split = ["train" if i % 10 < 7 else "valid" if i % 10 < 8 else "test" for i in range(n)]
    made = pa.table({"id": ids, "group": ids, "split": split, **table, **columns})
    return Table.of(Animal, Animal.sift(made)[0])


@pytest.fixture(scope="module")
def model():
    return Baseline(model=Boosting(numbers=NUMBERS, categories=CATEGORIES, text="text")).run(animals())


def test_it_learns_from_numbers_categories_and_text(model):
    table = animals().read()
    tested = table.filter([part == "test" for part in table["split"].to_pylist()])
    found = predictor(model)(tested)
    assert found.shape == (tested.num_rows, 3)
    assert np.allclose(found.sum(1), 1)
    chosen = [model.facts["classes"][i] for i in found.argmax(1)]
    assert np.mean([one == other for one, other in zip(chosen, tested["label"].to_pylist(), strict=True)]) > 0.95
    assert set(model.files) == {"trees.safetensors", "columns.json", "terms.json", "terms.safetensors"}


@pytest.mark.parametrize("classes", [2, 3])
def test_a_stored_model_predicts_as_lightgbm_does_on_the_same_features(classes, monkeypatch):
    table = animals().read()
    if classes == 2:
        labels = ["ox" if label == "ox" else "other" for label in table["label"].to_pylist()]
        table = table.set_column(table.schema.get_field_index("label"), "label", pa.array(labels))
    boosters = []
    train = lightgbm.train
    monkeypatch.setattr(lightgbm, "train", lambda *given, **named: boosters.append(train(*given, **named)) or boosters[0])
    model = Boosting(numbers=("size", "age"), categories=("colour",)).fit(table.slice(0, 300), table.slice(300), OneOf())
    codes = {"blue": 0.0, "red": 1.0}
    features = [
        [np.nan if row[name] is None else row[name] for name in ("size", "age")] + [codes.get(row["colour"], np.nan)]
        for row in table.to_pylist()
    ]
    theirs = boosters[0].predict(np.array(features))
    found = predictor(model)(table)
    assert np.ptp(found) > 0.5
    np.testing.assert_allclose(found[:, 1] if classes == 2 else found, theirs, atol=1e-12)


def test_a_category_never_seen_and_a_missing_one_are_alike(model):
    row = {"size": 3.0, "age": 1, "wild": True, "colour": "red", "place": 1, "text": "it barks a lot"}
    rows = pa.Table.from_pylist(
        [row, row | {"colour": None}, row | {"colour": "never seen"}, row | {"place": 99}, row | {"place": None}]
    )
    found = predictor(model)(rows)
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[1], found[2])
    np.testing.assert_array_equal(found[3], found[4])


def test_null_and_nan_are_the_same_missing_number(model):
    row = {"age": 1, "wild": True, "colour": "blue", "place": 1, "text": "it barks a lot"}
    found = predictor(model)(pa.Table.from_pylist([row | {"size": None}, row | {"size": float("nan")}, row | {"size": 9.0}]))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert np.isfinite(found).all()


def test_the_same_rows_give_the_same_bytes_on_two_threads_as_well():
    rung = Boosting(numbers=NUMBERS, categories=CATEGORIES, text="text", threads=2)
    one, two = (Baseline(model=rung).run(animals()) for _ in range(2))
    assert one.files == two.files
    assert one.facts == two.facts


def test_the_validation_rows_say_when_to_stop_and_test_rows_say_nothing():
    rung = Boosting(numbers=NUMBERS, patience=5)
    table = animals().read()
    training, rest = table.slice(0, 200), table.slice(200)
    stopped, longer = rung.fit(training, rest, OneOf()), rung.fit(training, rest.slice(0, 0), OneOf())
    assert stopped.facts["trees"] < 100
    assert longer.facts["trees"] == 200
    split = pa.array(["test" if part == "test" else part for part in table["split"].to_pylist()])
    size = [1e6 if part == "test" else value for part, value in zip(split.to_pylist(), table["size"].to_pylist(), strict=True)]
    changed = table.set_column(table.schema.get_field_index("size"), "size", pa.array(size, pa.float64()))
    assert Baseline(model=rung).run(Table.of(Animal, changed)).files == Baseline(model=rung).run(animals()).files


def test_a_label_that_only_validation_rows_have_is_passed_over():
    table = animals().read()
    valid = table.slice(300).set_column(table.schema.get_field_index("label"), "label", pa.array(["owl"] * 50 + ["cat"] * 50))
    model = Boosting(numbers=NUMBERS).fit(table.slice(0, 300), valid, OneOf())
    assert model.facts["classes"] == ["cat", "dog", "ox"]


@pytest.mark.parametrize("value", [None, float("nan"), 5.0])
def test_a_column_that_is_all_missing_or_all_alike_does_no_harm(value):
    rows = animals(size=pa.array([value] * 400, pa.float64()))
    found = predictor(Baseline(model=Boosting(numbers=("size",))).run(rows))(rows.read())
    assert np.ptp(found, axis=0).max() < 1e-9
    assert np.allclose(found.sum(1), 1)


def test_a_column_of_texts_is_no_column_of_numbers():
    with pytest.raises(StageError, match="column colour holds string, expected numbers; name it among the categories"):
        Baseline(model=Boosting(numbers=("colour",))).run(animals())


@pytest.mark.parametrize(
    "fields", [{}, {"numbers": ("a", "a")}, {"numbers": ("a",), "categories": ("a",)}, {"text": "a", "numbers": ("a",)}]
)
def test_columns_are_named_once(fields):
    with pytest.raises(ValidationError, match="name numbers, categories or a text, each once"):
        Boosting(**fields)


@pytest.mark.parametrize(
    ("name", "forge"),
    [
        ("left", lambda values: values * 0),  # a walk that never ends
        ("right", lambda values: values + 10**6),
        ("left", lambda values: values * 0 - 10**6),
        ("roots", lambda values: values + 10**6),
        ("feature", lambda values: values - 10**6),
        ("threshold", lambda values: values[1:]),
        ("sets", lambda values: values[:, :1].copy()),
        ("values", lambda values: values[:1]),
        ("missing", lambda values: values.astype("f4")),
    ],
)
def test_trees_that_are_none_are_a_stage_error(model, name, forge):
    trees = load(model.read("trees.safetensors"))
    forged = Model(facts=model.facts, files={**model.files, "trees.safetensors": save(trees | {name: forge(trees[name])})})
    with pytest.raises(StageError, match=r"trees\.safetensors holds no trees; train it again"):
        predictor(forged)


@pytest.mark.parametrize("data", [b"", b"tree", (2**30).to_bytes(8, "little") + b"{}"])
def test_a_file_that_is_none_is_a_stage_error(model, data):
    with pytest.raises(StageError, match="holds no trees"):
        predictor(Model(facts=model.facts, files={**model.files, "trees.safetensors": data}))


def test_columns_are_stored_as_json(model):
    found = json.loads(model.read("columns.json"))
    assert found == {"numbers": list(NUMBERS), "categories": {"colour": ["blue", "red"], "place": ["1", "2"]}, "text": "text"}
