"""What is written in the headers of an e-mail, and in the charsets that it declares, rightly or not."""

from __future__ import annotations

import binascii
import codecs
import re
from datetime import UTC, datetime
from email.utils import getaddresses, parseaddr, parsedate_to_datetime

from .encodings import guessed

_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")  # RFC 2047, and blanks in it, which it forbids
_ALIASES = {  # as mail programs read them: a name stands for the larger encoding that its senders really use
    "iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932",
    "iso8859-9": "cp1254", "tis-620": "cp874", "big5": "big5hkscs", "iso8859-8-i": "iso8859-8", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")  # Python's own
_BASE64 = re.compile(rb"([A-Za-z0-9+/]*)(=*)")


def decoded_header(raw: str) -> str:
    """A header's text: encoded words decoded, folded lines joined, bytes that stand for themselves read as text."""
    raw = re.sub(rf"({_WORD.pattern})\s+(?==\?)", r"\1", _unfolded(raw))  # blanks between two encoded words are none
    pieces: list[str] = []
    end, held, charset = 0, b"", ""
    for found in _WORD.finditer(raw):
        if held and (found.start() > end or found[1].lower() != charset):  # a character may span words that touch
            pieces.append(decoded(held, charset))
            held = b""
        pieces.append(_plain(raw[end : found.start()]))
        charset, end = found[1].lower(), found.end()
        held += _unquoted(found[2].lower(), found[3])
    pieces += [decoded(held, charset), _plain(raw[end:])]
    return clean("".join(pieces)).strip()


def address(raw: str) -> str:
    """The address in From, or all of it where it holds none."""
    return decoded_header(parseaddr(_unfolded(raw))[1] or raw)  # a name may hold a comma once it is decoded


def addresses(*raw: str) -> list[str]:
    """All addresses in To and Cc."""
    return [decoded_header(found) for _, found in getaddresses([_unfolded(text) for text in raw if text]) if found]


def date_of(raw: str) -> datetime | None:
    """In UTC; a time without a zone is taken for UTC. None where it is no time, or none between the years 1900 and 9999."""
    try:
        found = parsedate_to_datetime(decoded_header(raw))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return found if found.year >= 1900 else None


def decoded(data: bytes, charset: str | None) -> str:
    """Bytes in the encoding that is declared, where they are; else in UTF-8, or what their bytes look like."""
    if data.isascii() and not (charset or "").lower().startswith(("utf-7", "utf-16", "iso-2022", "hz", "unicode")):
        return data.decode("ascii")
    known = _codec(charset)
    for name in ("utf-8",) if known in (None, "cp1252") else (known, "utf-8"):
        try:
            return data.decode(name)
        except UnicodeError:
            continue
    return data.decode(guessed(data) if known in (None, "utf-8") else known, "replace")


def from_base64(data: bytes) -> bytes:
    """Unpacked as far as it goes: a mailing list may have added lines. As it is where its first line is none, whatever the mail says."""
    lines = [line.strip() for line in data.split(b"\n") if line.strip()]
    packed = []
    for line in lines:
        found = _BASE64.fullmatch(line)
        packed += [found[1]] if found else []
        if found is None or found[2]:
            break
    if lines and not packed:
        return data
    joined = b"".join(packed)
    return binascii.a2b_base64(joined[: len(joined) - (len(joined) % 4 == 1)] + b"==")


def clean(text: str) -> str:
    """Without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _unfolded(raw: str) -> str:
    return " ".join(line.strip() for line in re.split(r"[\r\n]+", raw))


def _unquoted(kind: str, text: str) -> bytes:
    if kind == "q":
        return binascii.a2b_qp(text.replace("_", " ").encode("ascii", "replace"), header=True)
    return from_base64(text.encode("ascii", "replace"))


def _plain(text: str) -> str:
    """Bytes that are no ASCII, which the parser keeps as lone surrogates, as text."""
    return text if text.isascii() else decoded(text.encode("utf-8", "surrogateescape"), None)


def _codec(charset: str | None) -> str | None:
    """Python's name of an encoding, or None for one that it does not know."""
    name = (charset or "").partition("*")[0].strip(" \t\"'").lower()
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
        "".encode(found)  # it may be none of text, such as `zip`
    except (LookupError, ValueError):
        return None
    return None if found.replace("-", "_") in _NO_CHARSETS else _ALIASES.get(found, found)
