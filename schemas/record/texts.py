"""Texts: numbers, moments and bytes that are written as text, a column at a time.

Each function gives the texts that say anything, white space around them aside, and what they read as, null where they do not.
"""

from __future__ import annotations

import base64
import binascii
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation

import pyarrow as pa
import pyarrow.compute as pc

from .casting import cast, family, where

_DAY = (
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3])(?::[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)?(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
_SHAPES = {
    "int64": r"^[+-]?[0-9]+(?:\.0+)?$",
    "double": r"^[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:nan|inf|infinity))$",
    "date": f"^{_DAY}$",
    "moment": f"^{_DAY}[T ]{_TIME}$",
}
_TRUE = pa.array(["1", "true", "t", "yes", "y", "on"])
_FALSE = pa.array(["0", "false", "f", "no", "n", "off"])


def blank(text: pa.Array) -> pa.Array:
    """Text without white space around it, null where nothing is left."""
    text = pc.utf8_trim_whitespace(text)
    return where(pc.not_equal(text, ""), text)


def int_text(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Whole numbers of 64 bits."""
    try:
        made = values.cast(kind)
    except pa.ArrowInvalid:
        pass
    else:
        if not any(pc.any(pc.match_substring(values, mark)).as_py() for mark in "xX"):  # Arrow reads 0x10
            return values, made
    text = blank(values)
    digits = where(pc.match_substring_regex(text, _SHAPES["int64"]), text)
    for part in (r"\.0+$", r"^\+"):
        if pc.any(pc.match_substring_regex(digits, part)).as_py():
            digits = pc.replace_substring_regex(digits, part, "")
    if pc.any(pc.greater(pc.binary_length(digits), 18)).as_py():
        digits = pc.replace_substring_regex(digits, "^(-?)0+([0-9])", r"\1\2")
        digits = where(pc.less(pc.binary_length(digits), 38), digits)
        number = digits.cast(pa.decimal128(38, 0))
        digits = where(pc.and_(pc.greater_equal(number, -(2**63)), pc.less_equal(number, 2**63 - 1)), digits)
    return text, cast(digits, kind)


def shaped(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Floats, dates and moments."""
    try:
        made = values.cast(kind)
    except pa.ArrowInvalid:
        pass
    else:
        if not (pa.types.is_floating(kind) and pc.any(pc.match_substring(values, "(")).as_py()):  # Arrow reads nan(1)
            return values, _finite(values, made)
    text = blank(values)
    return text, _finite(text, cast(where(pc.match_substring_regex(text, _SHAPES[family(kind)]), text), kind))


def _finite(text: pa.Array, made: pa.Array) -> pa.Array:
    """Without numbers that are too large for a float, of which nothing but the sign would be left; inf is inf."""
    if not pa.types.is_floating(made.type) or not pc.any(pc.is_inf(made)).as_py():
        return made
    return where(pc.or_(pc.is_finite(made), pc.invert(pc.match_substring_regex(text, "[0-9]"))), made)


def bool_text(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Yes and no, in the words that pydantic has for them."""
    text = blank(values)
    lower = pc.utf8_lower(text)
    true = pc.is_in(lower, value_set=_TRUE)
    return text, where(pc.or_(true, pc.is_in(lower, value_set=_FALSE)), true)


def decimal_text(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Decimals of no more digits than the type has.

    Arrow computes modulo 2 to the type's width, and says nothing: it is given only what is sure to stay below.
    """
    exponent = pc.match_substring(values, "e", ignore_case=True)
    with_exponent = pc.any(exponent).as_py()
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if not with_exponent and longest + kind.scale <= (38 if kind.bit_width == 128 else 76):
        try:
            return values, values.cast(kind)
        except pa.ArrowInvalid:
            pass
    text = blank(values)
    shape = rf"^[+-]?0*[0-9]{{0,{kind.precision - kind.scale}}}(?:\.[0-9]{{0,{kind.scale}}}0*)?$"
    plain = where(pc.match_substring_regex(text, shape), text)
    made = cast(pc.replace_substring_regex(plain, rf"^([^.]*\.[0-9]{{{kind.scale}}})0+$", r"\1"), kind)
    return text, pc.coalesce(made, _with_exponent(where(exponent, text), kind)) if with_exponent else made


def _with_exponent(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """Decimals that are written as 1.5e3."""
    exact = Context(prec=kind.precision, Emax=MAX_EMAX, Emin=MIN_EMIN)
    unit = Decimal(1).scaleb(-kind.scale)

    def number(text: str | None) -> Decimal | None:
        try:
            found = Decimal(text or "")
            made = found.quantize(unit, context=exact)
        except InvalidOperation:
            return None
        return made if made == found else None

    shape = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+$"
    different = where(pc.match_substring_regex(text, shape), text).dictionary_encode()
    return pa.array([number(text) for text in different.dictionary.to_pylist()], kind).take(different.indices)


def bytes_text(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Bytes as base64."""

    def decoded(text: str | None) -> bytes | None:
        try:
            return None if text is None else base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None

    plain = pc.replace_substring(pc.replace_substring(values, "-", "+"), "_", "/")
    return values, pa.array([decoded(text) for text in plain.to_pylist()], kind)
