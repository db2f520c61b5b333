"""Tags: aligned with words, and as the package that ships the tagger gives them."""

import gzip
import json
from importlib.util import find_spec

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import StageError, UsageError
from stages import Tags, Words
from stages.features.fitting import compute, fit_all, from_files, inputs_of, to_files
from stages.features.tagging import TAGS, read_tagger
from stages.features.tags import tagger_file

shipped = pytest.mark.skipif(find_spec("denckring_en_pos") is None, reason="denckring-en-pos is not installed")
SMALL = {
    "classes": ["NOUN|-", "VERB|Fin", "DET|-"],
    "tagdict": {"the": "DET|-"},
    "weights": {"bias": {"NOUN|-": 0.5}, "suf1 s": {"VERB|Fin": 1.0}, "t-1 DET|-": {"NOUN|-": 2.0}},
    "vocabulary": [],
}


def packed(document):
    return gzip.compress(json.dumps(document).encode(), mtime=0)  # their bytes name the tests


@pytest.fixture
def small():
    return Tags(max_tokens=9).load(None, {"tagger.json.gz": packed(SMALL)})


def tags_of(fitted, text):
    return [TAGS[number - 2] if number > 1 else "" for number in fitted.apply(pa.table({"text": [text]})).to_pylist()[0]]


def test_a_tag_depends_on_the_word_and_on_the_tags_before_it(small):
    assert tags_of(small, "the walks walks.") == ["DET", "NOUN", "VERB", "PUNCT"]
    assert tags_of(small, "$ walks") == ["SYM", "VERB"]


@pytest.mark.parametrize("text", ["", " ", None])
def test_a_text_with_nothing_to_read_is_one_tag_of_its_own(small, text):
    assert tags_of(small, text) == [""]


@given(texts=st.lists(st.text(max_size=40) | st.text("abn't\u2019_ $\u0301", max_size=12), min_size=1, max_size=5))
def test_tags_are_aligned_with_words(texts):
    rows = pa.table({"text": texts})
    words = Words(max_tokens=9).fit(rows).apply(rows)
    tags = Tags(max_tokens=9).load(None, {"tagger.json.gz": packed(SMALL)}).apply(rows)
    assert list(map(len, tags.to_pylist())) == list(map(len, words.to_pylist()))


@shipped
def test_the_shipped_tagger_reads_english_and_is_kept_with_the_vocabulary():
    fitted = from_files(to_files(fit_all({"tags": Tags()}, pa.table({"text": ["a"]}))))
    text = "The evening walks were long; she walks home and doesn\u2019t pay John's $5."
    numbers = compute(fitted, pa.table({"text": [text]}))["tags"].to_pylist()[0]
    assert [TAGS[number - 2] for number in numbers] == [
        "DET", "NOUN", "NOUN", "AUX", "ADV", "PUNCT", "PRON", "VERB", "ADV", "CCONJ", "AUX", "PART", "PART", "VERB", "PROPN",
        "PART", "PART", "SYM", "NUM", "PUNCT",
    ]  # fmt: skip
    assert inputs_of(fitted)["tags"].size == 19
    assert list(Tags().outside()) == ["denckring-en-pos"]


@shipped
def test_the_tagger_is_the_one_that_was_trained():
    """Its own code, read from the file beside it since importing it would need the packages it belongs to."""
    code = (tagger_file().parents[1] / "perceptron.py").read_text()
    theirs: dict = {}
    exec(compile(code, "perceptron.py", "exec"), theirs)  # the package's own reading of its own weights
    document = json.loads(gzip.decompress(tagger_file().read_bytes()))
    known = frozenset(document["vocabulary"])
    reference = theirs["Tagger"](document["weights"], document["tagdict"], document["classes"], known)
    ours = read_tagger(tagger_file().read_bytes())
    words = ["She", "sells", "20", "Sea", "shells", "by", "the", "shore", *sorted(known)[::50]]
    assert ours.tag(words) == [label.partition("|")[0] for label in reference.tag(words)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        packed([]),
        packed({}),
        packed(SMALL)[:-30],
        packed(SMALL | {"classes": 3}),
        packed(SMALL | {"classes": []}),
    ],
)
def test_a_tagger_that_is_none_is_a_stage_error(data):
    with pytest.raises(StageError, match="the tagger"):
        read_tagger(data)


def test_tags_of_no_known_scheme_are_refused():
    with pytest.raises(StageError, match=r"the tagger knows the tags \['NN'\], expected those of Universal Dependencies"):
        read_tagger(packed(SMALL | {"classes": ["NN|-"]}))


def test_without_the_package_the_plan_says_what_to_install(monkeypatch):
    monkeypatch.setattr("stages.features.tags.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"Tags needs the tagger of the package denckring-en-pos; install brickwise\[tags\]"):
        Tags().outside()
