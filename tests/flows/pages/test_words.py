from __future__ import annotations

import math

import pytest

from flows.pages.words import count, distinct, figure, rule, share, shown, told
from pipeline.check import Finding


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), ("", "(empty)"), ("  ", "(2 blank)"), ("a\x1b[0m", "a\\x1b[0m"), ("\u202eexe", "\\u202eexe"), ("\ufeffx", "\\ufeffx"),
        ("naïve 猫 🙂", "naïve 猫 🙂"), ("x" * 300, f"{'x' * 58}...{'x' * 58}"), (3, "3"), ("a\nb", "a\\nb"), ("a\u200bb", "a\\u200bb"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_written_out(value, text):
    assert shown(value) in (text, text[:59] + text[58:])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234567, "1,234,567"), (1234.5, "1,234"), (0.000123456, "0.0001235"), (12.3456, "12.35"), (1e300, "1e+300"),
     (10**18, "1e+18"), (math.inf, "inf"), ("2024-01-01T00:00:00Z", "2024-01-01"), ("2024-01-01T10:00:00Z", "2024-01-01 10:00:00")],
)  # fmt: skip
def test_figures_have_four_digits_that_count(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0%"),
        (10, 10, "100%"),
        (1, 3, "33.3%"),
        (1, 10**6, "< 0.1%"),
        (10**6 - 1, 10**6, "> 99.9%"),
        (0, 0, "\N{EN DASH}"),
    ],
)
def test_a_share_never_reads_as_nothing_or_all_when_it_is_neither(part, whole, text):
    assert share(part, whole) == text


def test_counts():
    assert (count(1234), count(None)) == ("1,234", "\N{EN DASH}")
    assert distinct({"count": 5, "exact": True}) == "5"
    assert distinct({"count": 70123, "exact": False, "error": 0.004}) == "about 70,123 (give or take 0.8%)"


def test_rules_of_great_expectations_are_told_in_words():
    assert rule("expect_column_values_to_be_in_set(value_set=['a'])") == "each value is one of these: ['a']"
    assert (
        rule("expect_column_values_to_be_between(min_value=1, max_value=9)")
        == "each value lies between bounds: at least 1, at most 9"
    )
    assert rule("expect_column_values_to_be_increasing()") == "column values to be increasing"
    assert rule("drift of the label") == "drift of the label"


@pytest.mark.parametrize(
    ("evaluated", "failed", "passed", "text"),
    [
        (10, 0, True, "Holds for all 10 that were looked at."),
        (10, 2, True, "Holds, with 2 of 10 excepted."),
        (10, 2, False, "Broken by 2 of 10 (20.0%)."),
        (10, 0, False, "Does not hold."),
        (0, 0, False, "Nothing was evaluated, so nothing is proved."),
    ],
)
def test_a_finding_is_a_sentence(evaluated, failed, passed, text):
    assert told(Finding(rule="x", evaluated=evaluated, failed=failed, passed=passed)) == text
