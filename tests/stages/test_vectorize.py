"""Vectorize: a vocabulary of the training rows, and token numbers of all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import StageError
from schemas import SplitText
from stages import Vectorize
from stages.tokens import encode, tokenizer_from


@pytest.fixture
def features(texts):
    """Features of texts, the first ones for training."""

    def of(*training, others=(), **config):
        split = ["train"] * len(training) + ["test", "valid"] * len(others)
        values = [*training, *(text for text in others for _ in range(2))]
        return Vectorize(**{"min_count": 1, **config}).run(texts(*values, record=SplitText, split=split))

    return of


def words_of(features):
    return json.loads(features.vocabulary.read("tokenizer.json"))["model"]["vocab"]


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
    assert alone.vocabulary.read("tokenizer.json") == among.vocabulary.read("tokenizer.json")


def test_every_row_keeps_its_id_label_and_split_in_order(features):
    rows = features("a", "b", others=("c",)).rows.read()
    assert rows["id"].to_pylist() == ["0", "1", "2", "3"]
    assert rows["split"].to_pylist() == ["train", "train", "test", "valid"]
    assert rows.column_names == ["id", "label", "split", "tokens"]


def test_a_row_is_cut_to_max_tokens_also_by_the_stored_tokenizer(features):
    found = features("a b c d e", "a", max_tokens=3)
    assert [len(row) for row in tokens_of(found)] == [3, 1]
    tokenizer = tokenizer_from(found.vocabulary.read("tokenizer.json"))
    assert encode(tokenizer, ["a b c d e"]) == tokens_of(found)[:1]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u00a0"])
def test_a_text_with_nothing_to_read_is_one_unknown(features, text):
    assert tokens_of(features("a", others=(text,)))[1] == [1]


@pytest.mark.parametrize("text", ["[PAD]", "say [PAD] [PAD]", "[UNK][PAD]"])
@pytest.mark.parametrize("lowercase", [True, False])
def test_a_text_that_says_padding_holds_none(features, text, lowercase):
    found = features("a [PAD] text", text, lowercase=lowercase)
    assert all(0 not in row for row in tokens_of(found))
    tokenizer = tokenizer_from(found.vocabulary.read("tokenizer.json"))
    assert encode(tokenizer, [text]) == tokens_of(found)[1:2]


def test_words_and_single_marks_are_tokens_and_case_counts_only_when_asked(features):
    assert set(words_of(features("Foo(x), größe2"))) == {"[PAD]", "[UNK]", "foo", "(", "x", ")", ",", "größe2"}
    assert "Foo" in words_of(features("Foo", lowercase=False))


def test_the_vocabulary_has_at_most_size_words_the_most_frequent(features):
    found = features("a a a b b c", size=4)
    assert set(words_of(found)) == {"[PAD]", "[UNK]", "a", "b"}
    assert found.vocabulary.facts["size"] == 4


def test_a_word_seen_too_seldom_is_unknown(features):
    assert set(words_of(features("a a b", min_count=2))) == {"[PAD]", "[UNK]", "a"}


def test_words_as_frequent_as_each_other_have_one_order(features):
    text = " ".join(f"w{i}" for i in range(500))
    stored = {features(text).vocabulary.read("tokenizer.json") for _ in range(5)}
    assert len(stored) == 1


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_the_stored_tokenizer_gives_the_tokens_of_the_table(texts, values):
    rows = texts(*values, record=SplitText, split=["train"] * len(values))
    found = Vectorize(min_count=1, max_tokens=5).run(rows)
    tokens = found.rows.read()["tokens"].to_pylist()
    assert encode(tokenizer_from(found.vocabulary.read("tokenizer.json")), values) == tokens
    assert all(1 <= len(row) <= 5 and min(row) >= 1 and max(row) < found.vocabulary.facts["size"] for row in tokens)


def test_no_training_row_is_a_stage_error(features):
    with pytest.raises(StageError, match="no row is for training"):
        features(others=("a",))
