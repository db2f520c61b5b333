"""What holds of every feature: fitted on training rows alone, and the same after it was stored."""

import datetime as dt
import json
import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import StageError
from stages import Categories, Characters, Dates, Numbers, Words
from stages.features.fitting import compute, fit_all, from_files, inputs_of, to_files
from stages.parts.base import COLUMNS

FEATURES = {
    "words": Words(min_count=1, max_tokens=9),
    "characters": Characters(min_count=1, max_tokens=9, max_characters=4),
    "numbers": Numbers(columns=("height", "count", "sold")),
    "categories": Categories(columns=("kind", "count", "sold"), min_count=1),
    "dates": Dates(columns=("day", "moment")),
}
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("kind", pa.string()),
        ("height", pa.float64()),
        ("count", pa.int64()),
        ("sold", pa.bool_()),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us", "UTC")),
    ]
)
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(max_size=40),
            "kind": st.none() | st.sampled_from(["a", "b", "c", "", "d" * 99]),
            "height": st.none() | st.floats(),
            "count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "sold": st.none() | st.booleans(),
            "day": st.none() | st.dates(),
            "moment": st.none() | MOMENTS,
        }
    ),
    min_size=1,
    max_size=6,
)


def rows_of(rows):
    return pa.Table.from_pylist(rows, schema=SCHEMA)


@given(training=ROWS, others=ROWS)
def test_a_stored_feature_computes_what_the_fitted_one_does_and_rows_do_not_look_at_each_other(training, others):
    fitted = fit_all(FEATURES, rows_of(training))
    stored = from_files(
        json.loads(json.dumps({name: data.decode() for name, data in to_files(fitted).items()}), object_hook=_encoded)
    )
    together, alone = compute(fitted, rows_of([*others, *training])), compute(stored, rows_of(others))
    for column, values in alone.items():
        assert values.equals(together[column][: len(others)])
        assert str(values.type) == COLUMNS[FEATURES[column].kind].replace("<", "<item: ")
    assert stored.keys() == fitted.keys()
    assert [stored[column][0] for column in stored] == [fitted[column][0] for column in stored]


def _encoded(document):
    return {name: data.encode() if isinstance(data, str) else data for name, data in document.items()}


@given(training=ROWS, others=ROWS)
def test_every_number_lies_within_what_the_net_is_told(training, others):
    fitted = fit_all(FEATURES, rows_of(training))
    inputs = inputs_of(fitted)
    for column, values in compute(fitted, rows_of(others)).items():
        feature, size = FEATURES[column], inputs[column].size
        for row in values.to_pylist():
            if feature.kind == "numbers":
                assert len(row) == size
                assert all(math.isfinite(number) and abs(number) <= feature.clip for number in row)
            else:
                flat = [number for one in row for number in one] if feature.kind == "characters" else row
                assert row
                assert all(row)
                assert min(flat) >= 1
                assert max(flat) < size


@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=5), cased=st.booleans())
def test_characters_are_aligned_with_words(texts, cased):
    rows = pa.table({"text": texts})
    made = compute(
        fit_all({"words": Words(max_tokens=6, lowercase=not cased), "characters": Characters(max_tokens=6)}, rows), rows
    )
    assert list(map(len, made["words"].to_pylist())) == list(map(len, made["characters"].to_pylist()))


@pytest.mark.parametrize("text", ["İstanbul", "e\u0301te\u0301", "हिन्दी"])
def test_an_accent_does_not_cut_a_word(text):
    rows = pa.table({"text": [text]})
    made = compute(fit_all({"words": Words(min_count=1), "characters": Characters(min_count=1)}, rows), rows)
    assert [len(row) for values in made.values() for row in values.to_pylist()] == [1, 1]


def test_a_word_is_spelt_by_the_alphabet_of_the_training_rows():
    fitted = fit_all({"c": Characters(min_count=2, max_characters=3)}, pa.table({"text": ["abba", "b x"]}))
    assert inputs_of(fitted)["c"].size == 4  # padding, unknown, b, a
    assert compute(fitted, pa.table({"text": ["ab xbaa", "", None]}))["c"].to_pylist() == [[[3, 2], [1, 2, 3]], [[1]], [[1]]]


def test_a_very_long_text_is_cut():
    rows = pa.table({"text": ["a" * 100_000, "a b " * 25_000]})
    made = compute(fit_all({"w": Words(max_tokens=7), "c": Characters(max_tokens=7, max_characters=5)}, rows), rows)
    assert [len(row) for row in made["w"].to_pylist()] == [1, 7]
    assert [list(map(len, row)) for row in made["c"].to_pylist()] == [[5], [1] * 7]


def test_no_rows_give_no_features():
    fitted = fit_all(FEATURES, rows_of([{"text": "a"}]))
    assert {column: len(values) for column, values in compute(fitted, rows_of([])).items()} == dict.fromkeys(FEATURES, 0)


def test_rows_that_lack_a_column_are_a_stage_error():
    fitted = fit_all({"n": Numbers(columns=("height",))}, rows_of([{"height": 1.0}]))
    with pytest.raises(StageError, match=r"feature 'n' reads the column 'height'; did you mean 'heigth'\?"):
        compute(fitted, pa.table({"heigth": [1.0]}))
