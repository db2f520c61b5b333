"""Words: values, figures and findings as people read them. Everything is plain text here; the templates escape it."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from pipeline.check import Finding
from pipeline.errors import bounded

UNIT = {"text": "characters", "bytes": "bytes", "list": "items"}  # of lengths, by kind of column
_UNKNOWN = "\N{EN DASH}"
_UNSEEN = {
    "Cc",
    "Cf",
    "Co",
    "Cs",
    "Zl",
    "Zp",
}  # categories: control, format (right-to-left marks too), private, surrogate, line ends

_RULES = {
    "expect_table_columns_to_match_set": "the table has exactly these columns",
    "expect_table_row_count_to_be_between": "the number of rows lies between bounds",
    "expect_column_values_to_not_be_null": "there is a value in every row",
    "expect_column_values_to_be_unique": "no value comes twice",
    "expect_column_values_to_be_in_set": "each value is one of these",
    "expect_column_values_to_be_between": "each value lies between bounds",
    "expect_column_value_lengths_to_be_between": "the length of each value lies between bounds",
    "expect_column_values_to_match_regex": "each value fits the pattern",
    "expect_column_unique_value_count_to_be_between": "the number of different values lies between bounds",
}
_SAID = {"min_value": "at least ", "max_value": "at most ", "value_set": "", "regex": "", "column_set": ""}
_GIVEN = re.compile(rf"(^|, )({'|'.join(_SAID)})=")


def shown(value: object, limit: int = 120) -> str:
    """A value as text: what cannot be seen is written as an escape, so that no value can disguise itself; empty ones are named."""
    if value is None:
        return "null"
    text = str(value)
    if not text:
        return "(empty)"
    if not text.isprintable():
        text = "".join(_seen(character) for character in text)
    return bounded(text, limit) if text.strip() else f"({len(text)} blank)"


def _seen(character: str) -> str:
    return repr(character)[1:-1] if unicodedata.category(character) in _UNSEEN else character


def count(number: int | None) -> str:
    """`1,234`, or a dash for what is not known."""
    return _UNKNOWN if number is None else f"{number:,}"


def figure(value: Any) -> str:
    """A measured value: four digits that count, thousands apart; text (a date) as it is."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, str):
        return value.replace("T", " ").removesuffix("Z").removesuffix(" 00:00:00")
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{value:.4g}"
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if 1_000 <= abs(value) < 10**15 else f"{value:.4g}"


def share(part: int, whole: int) -> str:
    """`12.3%`; a part that is neither nothing nor all never reads as one of them."""
    if not whole:
        return _UNKNOWN
    if 0 < part < whole:
        percent = 100 * part / whole
        return "< 0.1%" if percent < 0.1 else "> 99.9%" if percent > 99.9 else f"{percent:.1f}%"
    return "100%" if part else "0%"


def distinct(found: dict[str, Any] | None) -> str:
    """`3`, or `about 997,959 (give or take 0.8%)`: two standard errors."""
    if found is None:
        return "not counted"
    if found["exact"]:
        return count(found["count"])
    return f"about {count(found['count'])} (give or take {200 * found['error']:.1f}%)"


def state(finding: Finding) -> str:
    """passed, failed (it blocks) or warned."""
    return "passed" if finding.passed else "failed" if finding.severity == "error" else "warned"


def rule(text: str) -> str:
    """A rule in words: those of Great Expectations have long names, the others are words already."""
    kind, _, given = text.partition("(")
    if not kind.startswith("expect_"):
        return shown(text, 300)
    said = _RULES.get(kind) or kind.removeprefix("expect_").replace("_", " ")
    given = _GIVEN.sub(lambda found: f"{found[1]}{_SAID[found[2]]}", given.removesuffix(")"))
    return shown(f"{said}: {given}" if given else said, 300)


def told(finding: Finding) -> str:
    """What was found, in a sentence."""
    if finding.passed:
        said = f"Holds for all {count(finding.evaluated)} that were looked at."
    elif not finding.evaluated:
        said = "Nothing was evaluated, so nothing is proved."
    elif not finding.failed:
        said = "Does not hold."
    else:
        said = f"Broken by {count(finding.failed)} of {count(finding.evaluated)} ({share(finding.failed, finding.evaluated)})."
    if finding.passed and finding.failed:
        said = f"Holds, with {count(finding.failed)} of {count(finding.evaluated)} excepted."
    return f"{said} {shown(finding.note, 300)}." if finding.note else said
