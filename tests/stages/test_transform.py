"""Mask and Split."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline import Table
from schemas import Row, SplitRow, SplitText, Text
from stages import Mask, Split


def masked(text, **config):
    table = Table.of(Text, pa.table({"id": ["1"], "text": [text], "label": ["a"]}))
    found = Mask[Text](**{"stems": ("numpy", r"\brich\b"), "aliases": ("np", "sp"), **config}).map(table)
    assert found.read().drop_columns(["text"]).to_pylist() == [{"id": "1", "label": "a"}]
    return found.read()["text"][0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uses numpy here", "uses LIB here"),
        ("NumPy and NUMPY", "LIB and LIB"),
        ("numpydoc, asnumpy and _numpy_", "LIBdoc, asLIB and _LIB_"),
        ("numpynumpy", "LIBLIB"),
        ("numpy.numpy", "LIB.LIB"),
        ("a rich text", "a LIB text"),
        ("enriched and richer", "enriched and richer"),
        ("see np.array and sp.sparse", "see LIB.array and LIB.sparse"),
        ("np.np.array", "LIB.LIB.array"),
        ("x=np.array(np.zeros)", "x=LIB.array(LIB.zeros)"),
        ("np alone, and NP.array", "np alone, and NP.array"),
        ("xnp.array, np_.array", "xnp.array, np_.array"),
        ("num py nump y", "num py nump y"),
        ("", ""),
    ],
)
def test_stems_are_hidden_inside_words_and_aliases_before_a_dot(text, expected):
    assert masked(text) == expected


def test_no_alias_need_be_given_and_the_token_may_be_another():
    assert masked("np.array of numpy", aliases=(), token="THIS") == "np.array of THIS"


@pytest.mark.parametrize("token", ["", "a b", r"\1", "<lib>"])
def test_a_token_that_is_no_word_is_refused(token):
    with pytest.raises(ValidationError, match="token"):
        Mask[Text](stems=("a",), token=token)


def test_at_least_one_stem_is_asked_for():
    with pytest.raises(ValidationError, match="stems"):
        Mask[Text](stems=())


def split(groups, **config):
    rows = pa.table({"id": groups, "text": ["t"] * len(groups), "label": ["a"] * len(groups)})
    return Split[SplitText](**config).map(Table.of(Text, rows)).read()["split"].to_pylist()


IDS = st.lists(st.text("abc1", max_size=4), max_size=20)


@given(old=IDS, new=IDS, seed=st.integers(0, 9))
def test_adding_rows_never_moves_an_old_one(old, new, seed):
    together = dict(zip(new + old, split(new + old, seed=seed), strict=True))
    assert split(old, seed=seed) == [together[name] for name in old]


@given(groups=IDS, seed=st.integers(0, 9))
def test_rows_of_a_group_are_never_parted(groups, seed):
    parts = {}
    for group, part in zip(groups, split(groups, seed=seed), strict=True):
        assert parts.setdefault(group, part) == part


@settings(max_examples=20)
@given(group=st.text(max_size=5), seed=st.integers())
def test_a_greater_test_share_takes_no_row_out_of_the_test_part(group, seed):
    parts = [Split[SplitText](valid=0.1, test=share, seed=seed).part(group) for share in (0.1, 0.3, 0.5, 0.8)]
    assert parts == sorted(parts, key=["train", "valid", "test"].index)


def test_the_part_of_a_group_is_fixed_for_ever():
    assert split(["a", "b", "c", "d", "e", "f", "g", "h"]) == [
        "test", "train", "test", "test", "test", "train", "valid", "test",
    ]  # fmt: skip


def test_shares_are_about_what_was_asked_for():
    counts = Counter(split([str(i) for i in range(20_000)], valid=0.15, test=0.25))
    assert counts["valid"] / 20_000 == pytest.approx(0.15, abs=0.01)
    assert counts["test"] / 20_000 == pytest.approx(0.25, abs=0.01)


def test_another_seed_is_another_split():
    groups = [str(i) for i in range(100)]
    assert split(groups, seed=1) == split(groups, seed=1) != split(groups, seed=2)


def test_groups_may_be_whole_numbers_and_rows_keep_their_order():
    rows = pa.table({"id": list("abcd"), "text": ["t"] * 4, "label": ["a"] * 4, "file": [1, 2, 1, 2]})
    found = Split[SplitText](by="file").map(Table.of(Text, rows)).read()
    assert found["id"].to_pylist() == list("abcd")
    assert found["split"].to_pylist()[:2] == found["split"].to_pylist()[2:]
    assert found["group"].to_pylist() == ["1", "2", "1", "2"]
    assert dict(Split[SplitText](by="file").columns_read()) == {"rows": ("file",)}


def test_rows_without_a_text_are_split_as_well():
    rows = Table.of(Row, pa.table({"id": ["a", "b", "c"]}))
    found = Split[SplitRow](seed=1).map(rows).read()
    assert found.column_names == ["id", "split", "group"]
    assert found["group"].to_pylist() == ["a", "b", "c"]


def test_no_row_gives_no_row():
    assert split(pa.array([], pa.string())) == []


@pytest.mark.parametrize(("valid", "test"), [(0.5, 0.5), (0.9, 0.2)])
def test_shares_that_leave_nothing_to_train_on_are_refused(valid, test):
    with pytest.raises(ValidationError, match="expected less than 1"):
        Split[SplitText](valid=valid, test=test)


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_a_share_lies_between_0_and_1(share):
    with pytest.raises(ValidationError, match="test"):
        Split[SplitText](test=share)
