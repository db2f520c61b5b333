"""Files of word vectors: every way in which they are written, and every way in which they are wrong."""

import gzip
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from pipeline import StageError, UsageError
from stages.wordvectors import digests, read, require_width

WORDS = ("paris", "New York", "don't", "3")
FOUND = {"paris": [1.0, 0.5], "New York": [-2.0, 1e-3], "3": [3.0, 4.0]}
LINES = "paris 1 0.5\nNew York -2.0 1e-3\n3 3 4\nelsewhere 9 9\n"


def written(path, kind):
    """The same vectors as a file of some kind."""
    match kind:
        case "glove":
            path.write_text(LINES)
        case "word2vec":
            path.write_text("4 2\n" + LINES.replace("\n", " \n"))
        case "tabs, carriage returns, no last newline":
            path.write_bytes(LINES.replace(" 1 0.5", "\t1\t0.5").replace("\n", "\r\n").encode()[:-2])
        case "packed":
            path = path.with_suffix(".txt.gz")
            path.write_bytes(gzip.compress(LINES.encode()))
        case "safetensors, words beside":
            path = path.with_suffix(".safetensors")
            save_file({"table": torch.tensor([*FOUND.values(), [9, 9]]), "scale": torch.ones(4)}, path)
            path.with_suffix(".json").write_text(json.dumps([*FOUND, "elsewhere"]))
        case "safetensors, words inside":
            path = path.with_suffix(".safetensors")
            words = json.dumps([*FOUND, "elsewhere"])
            save_file({"table": torch.tensor([*FOUND.values(), [9, 9]], dtype=torch.float64)}, path, {"words": words})
    return str(path)


KINDS = ["glove", "word2vec", "tabs, carriage returns, no last newline", "packed", "safetensors, words beside", "safetensors, words inside"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_vectors(tmp_path, kind):
    path = written(tmp_path / "vectors.txt", kind)
    found = read(path, 2, WORDS)
    assert {word: pytest.approx(vector) for word, vector in found.items()} == FOUND
    require_width(path, 2)
    assert len(digests(path)) == 1 + ("beside" in kind)
    with pytest.raises(UsageError, match="have 2 numbers each, Pretrained says 5; set width=2"):
        require_width(path, 5)


def test_a_word_is_taken_as_it_is_written_before_any_other_case(tmp_path):
    (tmp_path / "v.txt").write_text("PARIS 1 1\nParis 2 2\nparis 3 3\nparis 4 4\nROME 5 5\nRome 6 6\n")
    assert read(str(tmp_path / "v.txt"), 2, ("paris", "PARIS", "rome", "oslo")) == {
        "paris": [3, 3], "PARIS": [1, 1], "rome": [5, 5],
    }  # fmt: skip


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=("Z", "C")), min_size=1), st.floats(-9, 9, width=32), min_size=1)
)
def test_what_is_written_is_read(tmp_path_factory, vectors):
    path = tmp_path_factory.mktemp("vectors") / "v.txt"
    path.write_text("".join(f"{word} {number!r} 0\n" for word, number in vectors.items()), encoding="utf-8")
    assert read(str(path), 2, vectors) == {word: [number, 0] for word, number in vectors.items()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("paris 1 2\nrome 1 2 3\n", "line 2: found 3 numbers, expected 2; all vectors of a file have one width"),
        ("paris 1 2\nrome 1\n", "line 2: found 1 numbers, expected 2"),
        ("paris 1 2\n\n", "line 2: found 0 numbers, expected 2"),
        ("paris 1 2\nfar nan 2\n", "line 2: the vector of 'far' holds NaN or infinities"),
        ("paris 1 2\nfar 1 -Infinity\n", "line 2: the vector of 'far' holds NaN or infinities"),
        ("paris 1 1e999\n", "line 1: the vector of 'paris' holds NaN or infinities"),
        ("paris 1 two\n", "line 1: 'two' is no number"),
        ("3 2\nparis 1 2\n", "1 vectors, but its first line says 3; fetch it again"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, text, said):
    (tmp_path / "v.txt").write_text(text)
    with pytest.raises(StageError, match=said):
        read(str(tmp_path / "v.txt"), 2, ["paris"])


@pytest.mark.parametrize("text", ["", "paris\n"])
def test_a_file_without_a_vector_is_seen_when_planned(tmp_path, text):
    (tmp_path / "v.txt").write_text(text)
    with pytest.raises(UsageError, match="the first line has no numbers; expected a word and its vector a line"):
        require_width(str(tmp_path / "v.txt"), 2)


def test_a_cut_off_archive_is_a_stage_error(tmp_path):
    path = tmp_path / "v.txt.gz"
    path.write_bytes(gzip.compress((LINES * 99).encode())[:60])
    with pytest.raises(StageError, match=r"do not read: .*; fetch them again"):
        read(str(path), 2, WORDS)
    path.write_bytes(b"no gzip")
    with pytest.raises(UsageError, match=r"do not read: .*; fetch them again"):
        require_width(str(path), 2)


def test_a_table_that_is_wrong_says_what(tmp_path):
    path = tmp_path / "v.safetensors"
    save_file({"a": torch.ones(2, 2)}, path)
    with pytest.raises(StageError, match=r"no list of its words; expected one as JSON in v\.json, or under \"words\""):
        read(str(path), 2, WORDS)
    path.with_suffix(".json").write_text('["paris"]')
    with pytest.raises(StageError, match=r"found \[2, 2\] numbers for 1 words of width 2"):
        read(str(path), 2, WORDS)
    path.with_suffix(".json").write_text('["paris", "far"]')
    save_file({"a": torch.tensor([[1, 2], [float("nan"), 2]])}, path)
    with pytest.raises(StageError, match="the vector of 'far' holds NaN or infinities"):
        read(str(path), 2, WORDS)
    save_file({"a": torch.ones(2, 2), "b": torch.ones(2, 2)}, path)
    with pytest.raises(UsageError, match="found 2 tensors of two dimensions, expected one"):
        require_width(str(path), 2)


def test_a_damaged_table_is_seen_when_planned(tmp_path):
    path = tmp_path / "v.safetensors"
    path.write_bytes((2**30).to_bytes(8, "little") + b"{}")
    with pytest.raises(UsageError, match="claims a header of 1,073,741,824 bytes"):
        require_width(str(path), 2)
