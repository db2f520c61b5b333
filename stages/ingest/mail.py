"""One e-mail (RFC 5322, MIME) to its parts that people read. Every mail comes out: what is wrong in it is read as mail programs do."""

from __future__ import annotations

import binascii
import codecs
import email
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from typing import Any, NamedTuple

from .encodings import guessed
from .htmltext import text_of

_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")  # RFC 2047, and blanks in it, which it forbids
_ALIASES = {  # as mail programs read them: a name stands for the larger encoding that its senders really use
    "iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932",
    "iso8859-9": "cp1254", "tis-620": "cp874", "big5": "big5hkscs", "iso8859-8-i": "iso8859-8", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")  # Python's own

_BASE64 = re.compile(r"([A-Za-z0-9+/]*)(=*)")


class Mail(NamedTuple):
    """text: the readable parts in their order, HTML as text.  date: in UTC.  attachments: their names, or types without one."""

    text: str
    subject: str
    sender: str
    recipients: list[str]
    date: datetime | None
    html: bool
    parts: int
    attachments: list[str]


def parse(data: bytes) -> Mail:
    """A mail's bytes. Raises ValueError, with the reason, for what is no mail."""
    if not data.strip():
        raise ValueError("is empty")
    message = email.message_from_bytes(data, policy=compat32)  # the newer policies fail on headers that spammers write
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        headers.setdefault(name.lower(), str(value))
    if not headers:
        raise ValueError("has no header of an e-mail")
    leaves = list(_leaves(message))
    shown = list(_shown(message))
    texts = [_text(part) for part in shown]
    return Mail(
        text="\n\n".join(text for text in texts if text),
        subject=decoded_header(headers.get("subject", "")),
        sender=_address(headers.get("from", "")),
        recipients=_addresses(headers.get("to", ""), headers.get("cc", "")),
        date=_date(headers.get("date", "")),
        html=any(part.get_content_type() == "text/html" for part in shown),
        parts=len(leaves),
        attachments=[_attachment(part) for part in leaves if _attached(part, message)],
    )


def decoded_header(raw: str) -> str:
    """A header's text: encoded words decoded, folded lines joined, bytes that stand for themselves read as text."""
    raw = re.sub(r"\s*[\r\n]+\s*", " ", raw)
    raw = re.sub(rf"({_WORD.pattern})\s+(?==\?)", r"\1", raw)  # blanks between two encoded words are none
    pieces: list[str] = []
    end, held, charset = 0, b"", ""
    for found in _WORD.finditer(raw):
        if held and (found.start() > end or found[1].lower() != charset):  # a character may span words that touch
            pieces.append(_decoded(held, charset))
            held = b""
        pieces.append(_plain(raw[end : found.start()]))
        charset, end = found[1].lower(), found.end()
        held += _unquoted(found[2].lower(), found[3])
    pieces += [_decoded(held, charset), _plain(raw[end:])]
    return _clean("".join(pieces)).strip()


def _unquoted(kind: str, text: str) -> bytes:
    if kind == "q":
        return binascii.a2b_qp(text.replace("_", " ").encode("ascii", "replace"), header=True)
    return _base64(text)


def _base64(text: str) -> bytes:
    """As far as it goes: a mailing list may have added a line of its own."""
    clean = ""
    for line in text.split("\n"):
        found = _BASE64.fullmatch(line.strip())
        if found is None and clean:
            break
        clean += found[1] if found else ""
        if found and found[2]:
            break
    return binascii.a2b_base64(clean[: len(clean) - (len(clean) % 4 == 1)] + "==")


def _plain(text: str) -> str:
    """Bytes that are no ASCII, which the parser keeps as lone surrogates, as text."""
    return text if text.isascii() else _decoded(text.encode("utf-8", "surrogateescape"), None)


def _decoded(data: bytes, charset: str | None) -> str:
    """Bytes in the encoding that is declared, where they are; else in UTF-8, or what their bytes look like."""
    if data.isascii() and not (charset or "").lower().startswith(("utf-7", "utf-16", "iso-2022", "hz", "unicode")):
        return data.decode("ascii")
    known = _codec(charset)
    for name in ("utf-8",) if known == "cp1252" else (known, "utf-8") if known else ("utf-8",):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError):
            continue
    return data.decode(known or guessed(data), "replace")


def _codec(charset: str | None) -> str | None:
    """Python's name of an encoding, or None for one that it does not know."""
    name = (charset or "").partition("*")[0].strip(" \t\"'").lower()
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
        "".encode(found)  # it may be none of text, such as `zip`
    except (LookupError, ValueError):
        return None
    return None if found in _NO_CHARSETS else _ALIASES.get(found, found)


def _leaves(part: Message) -> Iterator[Message]:
    """All parts but those that hold others; a mail that is attached counts as one part."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        for inner in _inner(part):
            yield from _leaves(inner)
    else:
        yield part


def _shown(part: Message, *, root: bool = True) -> Iterator[Message]:
    """The parts that a mail program would show, one of those that say the same: plain text before HTML."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        found = [list(_shown(inner, root=False)) for inner in _inner(part)]
        if part.get_content_subtype() == "alternative":
            plain = [shown for shown in found if shown and shown[0].get_content_type() != "text/html"]
            readable = [shown for shown in (*plain, *found) if any(map(_text, shown))]
            yield from (readable or found or [[]])[0]
        else:
            for shown in found:
                yield from shown
    elif not _attached(part) or (root and part.get_content_maintype() == "text"):
        yield part


def _attached(part: Message, root: Message | None = None) -> bool:
    if part.get_content_maintype() != "text":
        return part.get_content_maintype() != "multipart"
    disposition = str(part.get("content-disposition") or "").strip().lower()
    return part is not root and (disposition.startswith("attachment") or (bool(_filename(part)) and disposition != "inline"))


def _inner(part: Message) -> list[Message]:
    payload: Any = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _text(part: Message) -> str:
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", str(part.get("content-type") or ""), re.IGNORECASE)
    text = _decoded(_payload(part), charset[1] if charset else None)
    text = text_of(text) if _is_html(part, text) else text
    return _clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _is_html(part: Message, text: str) -> bool:
    """A multipart body whose boundary is nowhere in it, and is one text therefore, does not say what it is."""
    return part.get_content_type() == "text/html" or (part.get_content_maintype() == "multipart" and "</" in text)


def _payload(part: Message) -> bytes:
    """The bytes, unpacked from base64 or quoted-printable; damaged ones as far as they go."""
    raw: Any = part.get_payload()
    if not isinstance(raw, str):
        return b""
    if str(part.get("content-transfer-encoding") or "").strip().lower() == "base64":
        first = next((line for line in raw.split("\n") if line.strip()), "")
        return _base64(raw) if _BASE64.fullmatch(first.strip()) else raw.encode("utf-8", "surrogateescape")
    data: Any = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _attachment(part: Message) -> str:
    return _filename(part) or part.get_content_type()


def _filename(part: Message) -> str:
    """As written, with folders in it or not: it is only told, never opened."""
    found: Any = part.get_filename()
    return decoded_header(str(found)) if found else ""


def _address(raw: str) -> str:
    text = decoded_header(raw)
    return parseaddr(text)[1] or text


def _addresses(*raw: str) -> list[str]:
    return [address for _, address in getaddresses([decoded_header(text) for text in raw if text]) if address]


def _date(raw: str) -> datetime | None:
    """In UTC; a time without a zone is taken for UTC. None where it is no time, or none between the years 1900 and 9999."""
    try:
        found = parsedate_to_datetime(decoded_header(raw))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return found if found.year >= 1900 else None


def _clean(text: str) -> str:
    """Without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()
