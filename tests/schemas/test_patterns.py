"""Patterns: two engines, one verdict."""

from functools import cache
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from pipeline import Table, UsageError
from schemas import Matches, Record
from schemas.record.patterns import is_plain, matches, mistake

PATTERNS = [
    "a", "^a", "a$", "^a|b$", "[a-c]+", "[^a]", ".", "a.b", r"\.", r"a\-b", r"\n", "(ab)+", "(?:ab)?c", "(?P<x>a)b", "a{2}", "a{1,}?",
    r"\d", r"^\d+$", r"\w+$", r"\W", r"\s", r"\S", r"\bé", r"\B", r"\A1", r"1\z", r"[\d_]", r"[^\s]$", r"\pL", r"\p{Lu}", r"\p{Greek}",
    r"\p{Alphabetic}", "(?i)k", "(?i)ß", "(?i:S)t", "(?s)a.b", "(?m)^b$", "é", "[à-ü]", r"\x41", "a-z", "[a-]", "[-a]", "^*a",
]  # fmt: skip
TEXT = st.text("abkKsS1_- .\n\t\x0b\x1c\u00e9\u00df\u017f\u212a\u0661\u03b1\u00a0\u2028]}", max_size=6)


@cache
def one(pattern: str) -> type[Record]:
    return create_model("One", __base__=Record, value=(Annotated[str, Field(pattern=pattern)], ...))


def asked(pattern: str, text: str) -> bool:
    return one(pattern).refusal({"value": text}) is None


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=60)
@given(text=TEXT)
def test_a_pattern_finds_in_a_column_what_pydantic_finds_in_a_value(pattern, text):
    assert mistake(pattern) == ""
    assert matches(pa.array([None, text, None]), pattern).to_pylist() == [None, asked(pattern, text), None]


@pytest.mark.parametrize("pattern", [pattern for pattern in PATTERNS if is_plain(pattern)])
@settings(max_examples=60)
@given(text=TEXT)
def test_a_pattern_that_the_suite_asks_too_finds_there_what_the_row_rules_found(pattern, text):
    assert pc.match_substring_regex(pa.scalar(text), pattern).as_py() == asked(pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "a++", "a**", "a{2}{3}", "a{,3}", "a{", "[a&&b]", "[a--b]", "[a~~b]", "[[:alpha:]]", "[a[b]]", "[]a]", r"(a)\1", "(?=a)", "(?<!a)b",
        "(?<x>a)", "]", "}", "(?x)a b", "(?U)a+", "(?u)a", r"\Z", r"\Qa\E", r"\C", r"\h", r"\u0041", r"\N{DIGIT ONE}", r"\<a", "[", "(a", "a)", "*a", "[z-a]", "\\",
    ],
)  # fmt: skip
def test_what_engines_read_in_different_ways_is_a_usage_error_when_the_record_is_asked_for_its_columns(pattern):
    record = create_model("Odd", __base__=Record, value=(Annotated[str, Field(pattern=pattern)], ...))
    with pytest.raises(UsageError, match=r"^Odd\.value: the pattern .* (holds .*different ways|is no regular expression)"):
        record.columns()


def test_the_suite_asks_for_patterns_that_re2_reads_alike():
    def asks(pattern: str) -> bool:
        return any(isinstance(asked, Matches) for asked in one(pattern).contract().expectations)

    assert asks("^[0-9]+$")
    assert not asks(r"^\d+$")
    assert not asks("(?i)a")
    assert asks("^[0-9]{4}(-[0-9]{2}){2}$")


def test_a_pattern_that_re2_refuses_is_ruled_and_passes_its_contract():
    record, rows = one("^(?:a{100}){100}$"), pa.table({"value": ["a" * 10_000, "a"]})
    kept, away = record.sift(rows)
    assert (kept.num_rows, away["value"].to_pylist()) == (1, ["a"])
    assert record.contract().receipt(Table.of(record, kept)).passed


def test_a_million_texts_beyond_ascii_take_no_python_a_row():
    texts = pa.array(["déjà vu", "12"] * 500_000)
    assert matches(texts, r"\d").to_pylist()[:2] == [False, True]
