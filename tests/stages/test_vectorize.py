"""Vectorize: a vocabulary of the training rows, and token numbers of all."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Pipeline, StageError, Step, Table, WiringError
from schemas import Row, SplitRow, SplitText, Tokens, Vectorized
from stages import (
    Bag,
    Branch,
    Categories,
    Characters,
    CharCnn,
    CsvFile,
    Hashed,
    Ingest,
    Learned,
    MixedNet,
    Number,
    Numbers,
    Split,
    Train,
    Values,
    Vectorize,
    Words,
)
from stages.features.fitting import compute, from_files
from stages.features.tokenizing import encode, tokenizer_from


@pytest.fixture
def features(texts):
    """Features of texts, the first ones for training."""

    def of(*training, others=(), **config):
        split = ["train"] * len(training) + ["test", "valid"] * len(others)
        values = [*training, *(text for text in others for _ in range(2))]
        words = Words(**{"min_count": 1, **config})
        return Vectorize[Tokens](features={"tokens": words}).run(texts(*values, record=SplitText, split=split))

    return of


def words_of(features):
    return json.loads(features.vocabulary.read("tokens.tokenizer.json"))["model"]["vocab"]


def tokens_of(features):
    return features.rows.read()["tokens"].to_pylist()


def test_padding_is_0_the_unknown_is_1_and_words_follow_by_how_often_they_occur(features):
    assert words_of(features("b b b", "a a", "c")) == {"[PAD]": 0, "[UNK]": 1, "b": 2, "a": 3, "c": 4}


def test_a_word_that_only_other_rows_hold_is_unknown(features):
    found = features("known word", others=("known secret",))
    assert "secret" not in words_of(found)
    known = words_of(found)["known"]
    assert tokens_of(found)[1:] == [[known, 1], [known, 1]]
    assert found.vocabulary.facts["fitted_on"] == {"split": "train", "rows": 1}


def test_other_rows_do_not_change_the_vocabulary(features):
    alone, among = features("a b b"), features("a b b", others=("a a a a z",))
    assert alone.vocabulary.read("tokens.tokenizer.json") == among.vocabulary.read("tokens.tokenizer.json")


def test_every_row_keeps_its_id_label_and_split_in_order(features):
    rows = features("a", "b", others=("c",)).rows.read()
    assert rows["id"].to_pylist() == ["0", "1", "2", "3"]
    assert rows["split"].to_pylist() == ["train", "train", "test", "valid"]
    assert rows.column_names == list(Tokens.columns())


def test_a_row_is_cut_to_max_tokens_also_by_the_stored_tokenizer(features):
    found = features("a b c d e", "a", max_tokens=3)
    assert [len(row) for row in tokens_of(found)] == [3, 1]
    tokenizer = tokenizer_from(found.vocabulary.read("tokens.tokenizer.json"))
    assert encode(tokenizer, ["a b c d e"]) == tokens_of(found)[:1]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u00a0"])
def test_a_text_with_nothing_to_read_is_one_unknown(features, text):
    assert tokens_of(features("a", others=(text,)))[1] == [1]


@pytest.mark.parametrize("text", ["[PAD]", "say [PAD] [PAD]", "[UNK][PAD]"])
@pytest.mark.parametrize("lowercase", [True, False])
def test_a_text_that_says_padding_holds_none(features, text, lowercase):
    found = features("a [PAD] text", text, lowercase=lowercase)
    assert all(0 not in row for row in tokens_of(found))
    tokenizer = tokenizer_from(found.vocabulary.read("tokens.tokenizer.json"))
    assert encode(tokenizer, [text]) == tokens_of(found)[1:2]


def test_words_and_single_marks_are_tokens_and_case_counts_only_when_asked(features):
    assert set(words_of(features("Foo(x), größe2"))) == {"[PAD]", "[UNK]", "foo", "(", "x", ")", ",", "größe2"}
    assert "Foo" in words_of(features("Foo", lowercase=False))


def test_the_vocabulary_has_at_most_size_words_the_most_frequent(features):
    found = features("a a a b b c", size=4)
    assert set(words_of(found)) == {"[PAD]", "[UNK]", "a", "b"}
    assert found.vocabulary.facts["inputs"] == {"tokens": {"kind": "tokens", "size": 4}}


def test_a_word_seen_too_seldom_is_unknown(features):
    assert set(words_of(features("a a b", min_count=2))) == {"[PAD]", "[UNK]", "a"}


def test_words_as_frequent_as_each_other_have_one_order(features):
    text = " ".join(f"w{i}" for i in range(500))
    stored = {features(text).vocabulary.read("tokens.tokenizer.json") for _ in range(5)}
    assert len(stored) == 1


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_the_stored_tokenizer_gives_the_tokens_of_the_table(texts, values):
    rows = texts(*values, record=SplitText, split=["train"] * len(values))
    found = Vectorize[Tokens](features={"tokens": Words(min_count=1, max_tokens=5)}).run(rows)
    tokens = found.rows.read()["tokens"].to_pylist()
    assert encode(tokenizer_from(found.vocabulary.read("tokens.tokenizer.json")), values) == tokens
    assert all(
        1 <= len(row) <= 5 and min(row) >= 1 and max(row) < found.vocabulary.facts["inputs"]["tokens"]["size"] for row in tokens
    )


def test_no_training_row_is_a_stage_error(features):
    with pytest.raises(StageError, match="no row is for training"):
        features(others=("a",))


class House(SplitRow):
    """A row of columns of every kind."""

    text: str
    rooms: int | None
    kind: str | None
    price: float


class Houses(Vectorized):
    """Its features, and its price as it is."""

    price: float
    letters: list[list[int]]
    numbers: list[float]
    kinds: list[int]


HOUSES = Vectorize[Houses](
    features={
        "letters": Characters(min_count=1),
        "numbers": Numbers(columns=("rooms",)),
        "kinds": Categories(columns=("kind",), min_count=1),
    }
)


def test_features_stand_beside_the_columns_of_the_rows_and_are_computed_again_from_the_vocabulary():
    rows = pa.table(
        {
            "id": ["0", "1", "2"],
            "split": ["train", "train", "test"],
            "group": ["0", "1", "2"],
            "text": ["ab", "b", "a"],
            "rooms": [1, 3, None],
            "kind": ["hut", None, "castle"],
            "price": [1.5, 2.5, 3.5],
        }
    )
    made = HOUSES.run(Table.of(House, rows))
    assert made.rows.read().to_pydict() == {
        "id": ["0", "1", "2"],
        "split": ["train", "train", "test"],
        "price": [1.5, 2.5, 3.5],
        "letters": [[[3, 2]], [[2]], [[3]]],
        "numbers": [[-1.0], [1.0], [0.0]],
        "kinds": [[3], [2], [1]],
    }
    assert Houses.sift(made.rows.read())[1].num_rows == 0
    stored = from_files({name: made.vocabulary.read(name) for name in made.vocabulary.files})
    assert {name: values.to_pylist() for name, values in compute(stored, rows.drop(["id", "split", "price"])).items()} == {
        name: made.rows.read()[name].to_pylist() for name in ("letters", "numbers", "kinds")
    }


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"letters": Words()}, r"Houses\.letters is list<list<int64>>, but Words makes list<int64>; declare it as list\[int\]"),
        (
            {"kinds": Numbers(columns=("rooms",))},
            r"Houses\.kinds is list<int64>, but Numbers makes list<double>; .* list\[float\]",
        ),
        ({"price": Characters()}, r"Houses\.price is double, but Characters makes list<list<int64>>; .* list\[list\[int\]\]"),
        ({"leters": Characters()}, r"Houses has no column 'leters' for Characters; did you mean 'letters'\?"),
    ],
)
def test_features_that_the_record_has_no_place_for_fail_when_declared(features, said):
    with pytest.raises(ValueError, match=said):
        Vectorize[Houses](features=features)


class Cottage(Row):
    """Like a house, in other types."""

    text: str
    rooms: str
    kind: float
    price: int


class SplitCottage(SplitRow, Cottage):
    """With its part."""


def test_columns_that_a_feature_cannot_read_fail_when_the_pipeline_is_built():
    with pytest.raises(WiringError) as caught:
        Pipeline(
            "p",
            Step("raw", Ingest[Cottage](source=CsvFile(path="none.csv"))),
            Step("split", Split[SplitCottage](), reads={"rows": "raw"}),
            Step("features", HOUSES, reads={"rows": "split"}),
        )
    assert [line.partition("the config reads ")[2] for line in str(caught.value).splitlines()[1:]] == [
        "column 'price' as double, which 'split' writes as int64",
        "column 'rooms' as double or int64 or bool or decimal, which 'split' writes as string",
        "column 'kind' as string or int64 or bool or date32[day], which 'split' writes as double",
    ]


@pytest.mark.parametrize(
    ("column", "embed", "said"),
    [
        ("kinds", Values(), "reads column 'kinds' as list<double>, which 'features' writes as list<int64>"),
        ("kinds", CharCnn(), "reads column 'kinds' as list<list<int64>>, which 'features' writes as list<int64>"),
        ("numbers", Learned(), "reads column 'numbers' as list<int64>, which 'features' writes as list<double>"),
        ("letters", Hashed(), "reads column 'letters' as list<int64>, which 'features' writes as list<list<int64>>"),
        ("colours", Learned(), "names column 'colours', which 'features' does not write"),
    ],
)
def test_an_embed_on_a_column_of_another_kind_fails_when_the_pipeline_is_built(column, embed, said):
    net = MixedNet(branches={column: Branch(embed=embed, encode=Bag())})
    with pytest.raises(WiringError, match=f"step 'net', port 'rows': the config {said}"):
        Pipeline(
            "p",
            Step("raw", Ingest[Cottage](source=CsvFile(path="none.csv"))),
            Step("split", Split[House](), reads={"rows": "raw"}),
            Step("features", HOUSES, reads={"rows": "split"}),
            Step(
                "net",
                Train(model=net, target=Number(column="price")),
                reads={"rows": "features", "vocabulary": "features"},
            ),
        )
