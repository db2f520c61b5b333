"""Clean and Deduplicate: what goes, what stays, and in which order."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Text
from stages import Clean, Deduplicate
from stages.clean import normalise


def kept(table):
    return table.read()["text"].to_pylist()


def away(table):
    return [line for part in table.turned_away for line in part.to_pylist()]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  two\n\t lines  ", "two lines"),
        ("e\u0301", "é"),
        ("a\u00a0b\u2003c", "a b c"),
        ("bell\x07and\x00nul", "bell and nul"),
        ("zero\u200bwidth", "zero width"),
        ("日本\n語", "日本 語"),
    ],
)
def test_text_is_one_line_in_one_form(texts, raw, clean):
    assert kept(Clean[Text](min_chars=1).map(texts(raw))) == [clean]


def test_short_texts_and_those_without_letters_are_quarantined_and_order_is_kept(texts):
    table = Clean[Text](min_chars=4).map(texts("long one", "abc", "   a   b   ", "1234567", "last", None, "größ", "!!!! é"))
    assert kept(table) == ["long one", "last", "größ", "!!!! é"]
    assert [(line["rule"], line["column"], line["value"]) for line in away(table)] == [
        ("is shorter than 4 characters", "text", "abc"),
        ("is shorter than 4 characters", "text", "a b"),
        ("is shorter than 4 characters", "text", "None"),
        ("has no letters", "text", "1234567"),
    ]


def test_the_least_length_counts_characters_and_not_bytes(texts):
    assert kept(Clean[Text](min_chars=3).map(texts("日本", "日本語"))) == ["日本語"]


@given(values=st.lists(st.text(max_size=12), max_size=10))
def test_clean_loses_no_row_and_cleaning_again_changes_nothing(texts, values):
    once = Clean[Text](min_chars=2).map(texts(*values))
    assert once.read().num_rows + len(away(once)) == len(values)
    twice = Clean[Text](min_chars=2).map(once)
    assert twice.read().equals(once.read())


@pytest.mark.parametrize("around", ["", "e", " ", "e "], ids=["alone", "in a word", "between blanks", "after a word"])
def test_a_text_that_is_left_as_it_is_would_not_have_changed(around):
    points = [chr(point) for point in range(0x3100)] + [chr(point) for point in range(0x3100, 0x110000, 37)]
    values = [None, "", *(around + point + around for point in points if not "\ud800" <= point <= "\udfff")]
    rows = pa.table({"text": pa.chunked_array([pa.array(values[:100], pa.string()), pa.array(values[100:], pa.string())])})
    whole = pc.replace_substring_regex(pc.utf8_normalize(rows["text"], "NFC"), r"[\s\p{Z}\p{C}]+", " ")
    assert normalise(rows)["text"].to_pylist() == pc.utf8_trim_whitespace(whole).to_pylist()


def test_clean_keeps_the_other_columns(texts):
    table = Clean[Text](min_chars=1).map(texts(" a ", "1", " b ", labels=["x", "y", "z"]))
    assert table.record is Text
    assert table.read().to_pylist() == [
        {"id": "0", "text": "a", "label": "x"},
        {"id": "2", "text": "b", "label": "z"},
    ]


def deduplicated(rows):
    tables = list(Deduplicate[Text]().run(rows))
    return type(rows).of(Text, *(t.read() for t in tables), turned_away=[part for t in tables for part in t.turned_away])


def test_the_first_row_of_each_text_is_kept_and_the_others_quote_the_text_they_repeat(texts):
    table = deduplicated(texts("b", "a", "b", "a", "b", "c"))
    assert table.read()["id"].to_pylist() == ["0", "1", "5"]
    assert [(line["rule"], line["value"]) for line in away(table)] == [
        ("repeats an earlier text", "b"),
        ("repeats an earlier text", "a"),
        ("repeats an earlier text", "b"),
    ]
    assert '"id":"2"' in away(table)[0]["row"]


def test_a_text_that_differs_in_case_or_blanks_is_another_text(texts):
    assert kept(deduplicated(texts("a", "A", "a "))) == ["a", "A", "a "]


@given(values=st.lists(st.sampled_from(["", "a", "b", "c", "日本"]), max_size=20), size=st.integers(1, 5))
def test_the_rows_kept_are_the_distinct_texts_in_the_order_they_first_appear(texts, values, size):
    rows = texts(*values)
    whole = rows.read()
    fragments = [whole.slice(start, size) for start in range(0, len(values), size)] or [whole]
    table = deduplicated(type(rows).of(Text, *fragments))
    assert kept(table) == list(dict.fromkeys(values))
    assert len(table.fragments) == len(fragments)
    assert len(kept(table)) + len(away(table)) == len(values)
    assert sorted(kept(table)) == sorted(pa.array(values, pa.string()).unique().to_pylist())
