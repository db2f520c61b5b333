"""One e-mail (RFC 5322, MIME) to its parts that people read. Every mail comes out: what is wrong in it is read as mail programs do."""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import Message
from email.policy import compat32
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from .htmltext import text_of
from .mailheader import address, addresses, clean, date_of, decoded, decoded_header, from_base64


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
    try:
        return _parsed(email.message_from_bytes(data.lstrip(b"\r\n"), policy=compat32))
    except RecursionError as error:
        raise ValueError("has parts in parts too deep to be read") from error


def _parsed(message: Message) -> Mail:
    headers: dict[str, str] = {}
    for name, value in message.raw_items():  # get() and the newer policies fail on headers that spammers write
        headers.setdefault(name.lower(), str(value))
    if not headers:
        raise ValueError("has no header of an e-mail")
    text = cache(_text)
    leaves, shown = list(_leaves(message)), list(_shown(message, text))
    return Mail(
        text="\n\n".join(filter(None, map(text, shown))),
        subject=decoded_header(headers.get("subject", "")),
        sender=address(headers.get("from", "")),
        recipients=addresses(headers.get("to", ""), headers.get("cc", "")),
        date=date_of(headers.get("date", "")),
        html=any(part.get_content_type() == "text/html" for part in shown),
        parts=len(leaves),
        attachments=[_attachment(part) for part in leaves if _attached(part, message)],
    )


def _leaves(part: Message) -> Iterator[Message]:
    """All parts but those that hold others; a mail that is attached counts as one part."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        for inner in _inner(part):
            yield from _leaves(inner)
    else:
        yield part


def _shown(part: Message, text: Callable[[Message], str], *, root: bool = True) -> Iterator[Message]:
    """The parts that a mail program would show, one of those that say the same: plain text before HTML."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        found = [list(_shown(inner, text, root=False)) for inner in _inner(part)]
        if part.get_content_subtype() != "alternative":
            yield from chain.from_iterable(found)
        else:
            plain = [shown for shown in found if shown and shown[0].get_content_type() != "text/html"]
            readable = [shown for shown in (*plain, *found) if any(map(text, shown))]
            yield from (readable or found or [[]])[0]
    elif not _attached(part) or (root and part.get_content_maintype() == "text"):
        yield part


def _attached(part: Message, root: Message | None = None) -> bool:
    if part.get_content_maintype() != "text":
        return part.get_content_maintype() != "multipart"
    disposition = str(part.get("content-disposition") or "").partition(";")[0].strip().lower()
    return part is not root and (disposition == "attachment" or (bool(_filename(part)) and disposition != "inline"))


def _inner(part: Message) -> list[Message]:
    payload: Any = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _text(part: Message) -> str:
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", str(part.get("content-type") or ""), re.IGNORECASE)
    text = decoded(_payload(part), charset[1] if charset else None)
    text = text_of(text) if _is_html(part, text) else text
    return clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _is_html(part: Message, text: str) -> bool:
    """A multipart body whose boundary is nowhere in it, and is one text therefore, does not say what it is."""
    return part.get_content_type() == "text/html" or (part.get_content_maintype() == "multipart" and "</" in text)


def _payload(part: Message) -> bytes:
    """The bytes, unpacked from base64 or quoted-printable; damaged ones as far as they go."""
    base64 = str(part.get("content-transfer-encoding") or "").strip().lower() == "base64"
    if base64:
        del part["content-transfer-encoding"]  # to have it as it is: what is no base64 in it would be taken for some
    data: Any = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return b""
    return from_base64(data) if base64 else data


def _attachment(part: Message) -> str:
    return _filename(part) or part.get_content_type()


def _filename(part: Message) -> str:
    """As written, with folders in it or not: it is only told, never opened."""
    try:
        found: Any = part.get_filename()
    except (ValueError, LookupError):  # it names a charset that none can be
        return "?"
    return decoded_header(str(found)) if found else ""
