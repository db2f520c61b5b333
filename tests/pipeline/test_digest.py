import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.digest import canonical, digest_bytes, digest_file, digest_json

TEXT = st.text(st.characters(codec="utf-8"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=10)


def test_a_digest_is_blake3_of_the_bytes():
    assert digest_bytes(b"") == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    assert digest_bytes(b"abc") == "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"


def test_the_canonical_form_has_sorted_keys_no_spaces_and_utf_8():
    assert canonical({"b": [1, 2.5, None], "a": {"é": True}}) == '{"a":{"é":true},"b":[1,2.5,null]}'.encode()


def test_a_golden_document_keeps_its_digest():
    golden = digest_json({"b": [1, 2.5, None], "a": {"é": True}})
    meant = "65fae5eefc87c0037407c6c03f09f796f03492015dc46883304f0cfca8451cbe"
    assert golden == meant, "every stored key changes: if that is meant, raise FORMAT in pipeline/key.py, and this digest"


@given(DOCUMENTS)
def test_a_document_reads_back_from_its_canonical_form(document):
    assert json.loads(canonical(document)) == document


@given(st.dictionaries(TEXT, st.integers()))
def test_the_order_of_keys_does_not_count(document):
    backwards = dict(reversed(document.items()))
    assert digest_json(document) == digest_json(backwards)


@given(DOCUMENTS, DOCUMENTS)
def test_documents_that_differ_as_json_have_different_digests(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (digest_json(one) == digest_json(other)) == same


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_are_refused(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"loss": number})


@given(data=st.binary(max_size=300))
def test_a_file_has_the_digest_of_its_bytes(data, tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("file") / "data"
    path.write_bytes(data)
    assert digest_file(path) == digest_bytes(data)


def test_a_large_file_has_the_digest_of_its_bytes(tmp_path):
    data = bytes(range(256)) * 4096
    (tmp_path / "data").write_bytes(data)
    assert digest_file(tmp_path / "data") == digest_bytes(data)
