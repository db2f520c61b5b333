"""The text in a whole file's bytes."""

from __future__ import annotations

from .encodings import guessed, marked, sixteen


def decoded(data: bytes, encoding: str | None) -> str:
    """The text without its byte order mark, its lines end as Unix has them. Raises ValueError, with the reason, for what is none."""
    mark, known = marked(data)
    if not data[len(mark) :].strip():
        raise ValueError("is empty")
    name = known or encoding or sixteen(data) or ("utf-8" if data.isascii() else guessed(data))
    try:
        text = data[len(mark) :].decode(name)
    except UnicodeDecodeError as error:
        raise ValueError(f"is not {name}: byte {error.start} is 0x{error.object[error.start]:02x}") from error
    if "\0" in text:
        raise ValueError("is no text: it has zero bytes")
    return text.replace("\r\n", "\n").replace("\r", "\n")
