"""Patterns: regular expressions that pydantic's engine (Rust) and Arrow's (RE2) read alike, and where they do not.

On plain ASCII text the two agree about all that `mistake` lets through.  What a class such as "digit" or "word boundary" holds beyond ASCII, they do not
agree about; such texts, which are few, are put to pydantic's engine itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_ESCAPED = r"[^\w\s<>]|x[0-9A-Fa-f]{2}|[tnrfva]|[dDwWsS]|[pP](?:[A-Za-z]|\{\^?[A-Za-z_]+\})"
_TOKEN = re.compile(
    rf"""
      \\(?:{_ESCAPED}|[bBAz])                                         # an escape
    | \[\^?(?:\\(?:{_ESCAPED})|[^\]\[\\&~-]|-(?!-)|&(?!&)|~(?!~))+\]  # a set, without set operators
    | \((?:\?(?::|P<[A-Za-z_]\w*>|[ims]+[:)])|(?!\?))  | \)           # a group
    | (?:[*+?]|\{{\d{{1,3}}(?:,(?:\d{{1,3}})?)?\}})\??(?![*+?{{])     # a repetition; twice in a row means three things
    | [^\\\[\](){{}}*+?]                                              # a character, ^ $ . and |
    """,
    re.VERBOSE,
)
_WIDE = re.compile(r"\\[dDwWsSbBpP]|\(\?[ims]*i")
_ODDLY = re.compile(r"\\[dDwWsSbBpPAz]|\(\?[^:]")
_ODD = r"[^\t\n\f\r -~]"  # text in which a class may hold more or less than in the other engine


def mistake(pattern: str) -> str:
    """What is wrong with a pattern, in words; empty where both engines read it alike."""
    from pydantic_core import SchemaError

    place = 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            return (
                f"holds {pattern[place : place + 12]!r}, which regular expression engines read in different ways; "
                f"expected groups, sets, repetitions and escapes that Rust, RE2 and Python share"
            )
        place = token.end()
    try:
        _engine(pattern)
    except SchemaError as error:
        return f"is no regular expression: {str(error).splitlines()[-1].strip()}"
    return ""


def is_plain(pattern: str) -> bool:
    """Whether a suite, which has RE2 alone to ask, finds it wherever pydantic does."""
    return not _ODDLY.search(pattern) and ("){" not in pattern or _is_known(pattern))


def _is_known(pattern: str) -> bool:
    """Whether RE2 takes it: not repetitions of repetitions beyond 1000 in all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def matches(values: Any, pattern: str) -> Any:
    """A mask of the texts in which pydantic finds the pattern; null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        holds = pc.match_substring_regex(values, pattern)
    except pa.ArrowInvalid:  # a class that only Rust knows, or too large for RE2
        return _asked(values, pattern)
    if not _WIDE.search(pattern):
        return holds
    odd = pc.fill_null(pc.match_substring_regex(values, _ODD), False)
    if not pc.any(odd).as_py():
        return holds
    return pc.if_else(odd, _asked(pc.if_else(odd, values, pa.scalar(None, values.type)), pattern), holds)


def _asked(values: Any, pattern: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    ask = _engine(pattern).isinstance_python
    different = values.unique()
    found = pa.array([None if text is None else ask(text) for text in different.to_pylist()], pa.bool_())
    return found.take(pc.index_in(values, different))


@cache
def _engine(pattern: str) -> Any:
    from pydantic_core import SchemaValidator, core_schema

    return SchemaValidator(core_schema.str_schema(pattern=pattern))
