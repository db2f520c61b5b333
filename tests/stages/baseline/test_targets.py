"""Each rung on each target that it serves, the refusal of others, and rungs beside a net in one evaluation."""

import random

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipeline import Pipeline, Stage, StageError, Step, Table, UsageError
from schemas import SplitRow, Vectorized
from stages import (
    Bag,
    Baseline,
    Boosting,
    Branch,
    EncoderLogistic,
    Evaluate,
    Majority,
    Max,
    MixedNet,
    NbSvm,
    Number,
    Numbers,
    OneOf,
    Ordered,
    Projected,
    SeveralOf,
    TfidfLogistic,
    Train,
    Vectorize,
    predict_rows,
)
from stages.predict import predictor

TREES = Boosting(numbers=("rooms", "area"), categories=("city",), trees=200)
SIZES = Ordered(column="size", levels=("small", "medium", "large", "vast"))  # not the order of the alphabet; no row is vast
ONE, MANY, PRICE = OneOf(column="kind"), SeveralOf(column="tags"), Number(column="price")


class Home(SplitRow):
    rooms: int
    area: float | None
    city: str | None
    text: str | None
    kind: str
    size: str
    tags: list[str]
    price: float


class Priced(Vectorized):
    numbers: list[float]
    price: float


def homes(n=300, **columns):
    """The price is a million and some more a room; all else follows from the rooms as well."""
    draw = random.Random(5)
    rows = []
    for place in range(n):
        rooms = draw.randrange(1, 10)
        size = "small" if rooms < 4 else "medium" if rooms < 7 else "large"
        rows.append({
            "id": str(place), "group": str(place), "split": "train" if place % 10 < 7 else "valid" if place % 10 < 8 else "test",
            "rooms": rooms, "area": draw.choice([None, 10.0 * rooms]), "city": draw.choice(["Oslo", "Rome", None]),
            "text": draw.choice([f"a {size} home with {rooms} rooms", f"{rooms} rooms and {size}"]) if place % 50 else None,
            "kind": "house" if rooms > 5 else "flat", "size": size,
            "tags": ["home"] + ["big"] * (rooms > 6) + ["even"] * (rooms % 2 == 0), "price": 1e6 + 10.0 * rooms,
        })  # fmt: skip
    table = pa.Table.from_pylist(rows)
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return Table.of(Home, Home.sift(table)[0])


@pytest.fixture(scope="module")
def rows():
    return homes()


@pytest.fixture
def rung(encoder_folder):
    def of(name):
        named = {"majority": Majority(), "nb_svm": NbSvm(), "tfidf_logistic": TfidfLogistic(), "boosting": TREES}
        return named.get(name) or EncoderLogistic(encoder=str(encoder_folder()), max_tokens=16)

    return of


SERVED = [
    *(("majority", target) for target in (ONE, MANY, PRICE, SIZES)),
    *(("nb_svm", target) for target in (ONE, SIZES)),
    *(("tfidf_logistic", target) for target in (ONE, MANY, SIZES)),
    *(("boosting", target) for target in (ONE, PRICE, SIZES)),
    *(("encoder_logistic", target) for target in (ONE, SIZES)),
]
CLASSES = {"one_of": ["flat", "house"], "several_of": ["big", "even", "home"], "number": [], "ordered": list(SIZES.levels)}
HEADLINE = {"one_of": "accuracy", "several_of": "micro_f1", "number": "r2", "ordered": "accuracy"}


@pytest.mark.parametrize(("name", "target"), SERVED, ids=lambda value: value if isinstance(value, str) else value.kind)
def test_a_rung_learns_a_target_says_which_and_is_measured_beside_the_majority(name, target, rung, rows):
    model, floor = (Baseline(model=one, target=target).run(rows) for one in (rung(name), Majority()))
    assert (model.facts["target"]["kind"], model.facts["target"]["column"]) == (target.kind, target.column)
    assert model.facts["classes"] == CLASSES[target.kind]
    found = predictor(model)(rows.read())
    assert found.shape == (300, len(CLASSES[target.kind]) or 1)
    if target.kind in ("one_of", "ordered"):
        np.testing.assert_allclose(found.sum(1), 1)
    metrics = Evaluate(resamples=100, slices=()).run(rows, {"floor": floor, "it": model}).evaluation.facts["metrics"]
    measured = {one: metrics[one][HEADLINE[target.kind]]["value"] for one in metrics}
    if name in ("nb_svm", "tfidf_logistic", "boosting"):
        assert measured["it"] > max(0.9, measured["floor"])


def test_the_majority_says_the_mean_and_the_shares_of_the_training_rows(rows):
    training = [row for row in rows.read().to_pylist() if row["split"] == "train"]
    said = {
        target.kind: predictor(Baseline(model=Majority(), target=target).run(rows))(rows.read())[0]
        for target in (MANY, PRICE, SIZES)
    }
    assert said["number"] == pytest.approx([np.mean([row["price"] for row in training])])
    assert said["several_of"] == pytest.approx(
        [np.mean([name in row["tags"] for row in training]) for name in ("big", "even", "home")]
    )
    assert said["ordered"] == pytest.approx([np.mean([row["size"] == level for row in training]) for level in SIZES.levels])


@pytest.mark.parametrize("model", [NbSvm(), TfidfLogistic()], ids=lambda rung: type(rung).__name__)
def test_a_level_that_no_row_has_gets_no_chance(model, rows):
    assert not predictor(Baseline(model=model, target=SIZES).run(rows))(rows.read())[:, 3].any()


def test_a_class_that_every_row_has_is_all_but_sure(rows):
    found = predictor(Baseline(model=TfidfLogistic(), target=MANY).run(rows))(rows.read())[:, 2]
    assert found.tolist() == pytest.approx([210.5 / 211] * 300)


def test_trees_learn_a_number_whose_spread_is_small_beside_it(rows):
    """LightGBM keeps the truth as fp32, in which 1e6 + 1e-3 is 1e6."""
    price = pa.array([1e6 + 1e-3 * row["rooms"] for row in rows.read().to_pylist()])
    fine = homes(price=price)
    found = predictor(Baseline(model=TREES, target=PRICE).run(fine))(fine.read())[:, 0]
    assert np.abs(found - fine.read()["price"].to_numpy()).max() < 1e-3


@pytest.mark.parametrize(
    ("model", "target", "said"),
    [
        (NbSvm(), PRICE, "NbSvm says OneOf or Ordered, not Number; for Number take Majority or Boosting"),
        (NbSvm(), MANY, "NbSvm says OneOf or Ordered, not SeveralOf; for SeveralOf take Majority or TfidfLogistic"),
        (TfidfLogistic(), PRICE, "TfidfLogistic says OneOf or SeveralOf or Ordered, not Number"),
        (TREES, MANY, "Boosting says OneOf or Number or Ordered, not SeveralOf"),
        (EncoderLogistic(encoder="e"), PRICE, "EncoderLogistic says OneOf or Ordered, not Number"),
        (EncoderLogistic(encoder="e"), MANY, "EncoderLogistic says OneOf or Ordered, not SeveralOf"),
        (TREES, Number(column="area"), "column 'area' is the target, and among those that the rung reads"),
    ],
)  # fmt: skip
def test_what_a_rung_cannot_say_is_refused_where_it_is_declared(model, target, said):
    with pytest.raises(ValidationError, match=said):
        Baseline(model=model, target=target)


class Homes(Stage):
    """The rows above as a source."""

    def run(self) -> Table[Home]:
        """They."""
        return homes()


def test_a_target_of_another_type_is_refused_where_steps_are_wired():
    wrong = Baseline(model=Majority(), target=OneOf(column="price"))
    with pytest.raises(UsageError, match="reads column 'price' as string"):
        Pipeline("homes", Step("split", Homes()), Step("floor", wrong, reads={"rows": "split"}))


def test_rungs_and_a_net_say_a_number_side_by_side(store):
    reads = {"rows": "split"}
    features = Vectorize[Priced](features={"numbers": Numbers(columns=("rooms", "area"))})
    net = MixedNet(branches={"numbers": Branch(embed=Projected(width=16), encode=Bag(), attend=Max())})
    built = Pipeline(
        "homes",
        Step("split", Homes()),
        Step("features", features, reads=reads),
        Step("floor", Baseline(model=Majority(), target=PRICE), reads=reads),
        Step("trees", Baseline(model=TREES, target=PRICE), reads=reads),
        Step("net", Train(model=net, target=PRICE, epochs=3), reads={"rows": "features", "vocabulary": "features"}),
        Step("report", Evaluate(resamples=100, slices=()), reads={"rows": "split", "models": ("floor", "trees", "net")}),
    )
    record = built.run(store.root)
    assert record.status == "done", record
    rmse = {name: found["rmse"]["value"] for name, found in record.metrics.items()}
    assert list(rmse) == ["floor", "trees", "net"]
    assert rmse["trees"] < rmse["floor"] / 4


@pytest.mark.parametrize(
    ("column", "value", "target", "said"),
    [
        ("price", float("nan"), PRICE, "240 rows to learn from have no price"),
        ("price", 3.0, PRICE, "hold one value alone, 3, in column 'price'"),
        ("size", "huge", SIZES, "column 'size' holds huge, expected one of the levels small, medium, large, vast"),
        ("tags", ["one"], MANY, r"hold 1 label \(one\)"),
    ],
)
def test_rows_that_teach_nothing_are_a_stage_error(column, value, target, said):
    with pytest.raises(StageError, match=said):
        Baseline(model=Majority(), target=target).run(homes(**{column: pa.array([value] * 300)}))


@pytest.mark.parametrize("name", ["majority", "nb_svm", "tfidf_logistic", "encoder_logistic"])
def test_one_row_whose_text_is_missing_is_an_empty_text(name, rung, rows):
    model = Baseline(model=rung(name), target=ONE).run(rows)
    assert predict_rows(model, [{"text": None}]) == predict_rows(model, [""])


@pytest.mark.parametrize("missing", ["rooms", "area", "city", "text"])
def test_trees_answer_one_row_that_lacks_a_value(missing, rows):
    model = Baseline(model=TREES.model_copy(update={"text": "text"}), target=PRICE).run(rows)
    row = {"rooms": 3, "area": 30.0, "city": "Oslo", "text": "a small home with 3 rooms"}
    alone, beside = predict_rows(model, [row | {missing: None}]), predict_rows(model, [row | {missing: None}, row])
    assert alone == beside[:1]
    assert 1e6 < alone[0] < 1e6 + 100
