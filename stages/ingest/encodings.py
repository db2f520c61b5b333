"""Encodings: text of any encoding as UTF-8 bytes, block by block; the encoding is told, or found from the bytes alone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from .places import BLOCK

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LIKELY = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "cp932", "euc_jp", "gb18030", "big5", "cp949",
)  # fmt: skip  # what files are in that are not Unicode; of all that Python knows, a short text fits a dozen
_SAMPLE = 2**16  # bytes of lines that are not ASCII


def utf8_blocks(stream: Any, encoding: str | None, tell: Callable[[str], None]) -> Iterator[bytes]:
    """A stream's text as UTF-8, in blocks; what does not decode is bytes that are not UTF-8, for whoever splits the rows.

    encoding: as declared, or None to find it.  A byte order mark goes before both.  Found is UTF-16 by its zero bytes; else the
    first MiB after the first byte that is no ASCII decides: up to there the text is the same in all encodings that are
    guessed.  tell: is told what was found, unless that is UTF-8.
    """
    head = stream.read(BLOCK)
    mark, told = marked(head)
    known = told or encoding or sixteen(head)
    if told not in (None, "utf-8"):
        tell(f"read as {told}, as its byte order mark says")
    elif known and not told and not encoding:
        tell(f"read as {known}, as its zero bytes tell")
    blocks = chain((head[len(mark) :],), iter(lambda: stream.read(BLOCK), b""))
    if known is None:
        for block in blocks:
            if not block.isascii():
                more = stream.read(BLOCK)
                known = guessed(block + more)
                if known != "utf-8":
                    tell(
                        f"read as {known}, guessed from the first MiB that is not ASCII; declare encoding=... where that is wrong"
                    )
                blocks = chain((block, more), iter(lambda: stream.read(BLOCK), b""))
                break
            yield block
        else:
            return
    if codecs.lookup(known).name == "utf-8":
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(known)(_ESCAPE)
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def marked(head: bytes) -> tuple[bytes, str | None]:
    """A text's byte order mark and the encoding that it stands for; nothing and None without one."""
    return next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", None))


def guessed(sample: bytes) -> str:
    """The encoding of bytes that are not all ASCII: UTF-8 where more of them are that than are not; else what reads best."""
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample)  # a character may be cut at its end
    wrong, foreign = (len(re.findall(letters, text)) for letters in ("[\udc80-\udcff]", "[^\x00-\x7f]"))
    if wrong * 2 <= foreign:
        return "utf-8"
    from charset_normalizer import from_bytes

    lines = dict.fromkeys(line for line in re.split(rb"[\r\n]+", sample) if not line.isascii())
    foreign_lines = b"\n".join(lines)[:_SAMPLE]
    best, west = (from_bytes(foreign_lines, cp_isolation=list(names)).best() for names in (_LIKELY, _LIKELY[:1]))
    # Most files that are not Unicode are of the west, and a short text reads as well in others.
    if best is None or (west is not None and west.chaos <= best.chaos + 0.08 and west.coherence >= best.coherence - 0.05):
        return _LIKELY[0]
    return str(best.encoding)


def shown(raw: bytes, limit: int = 2**16) -> str:
    r"""Bytes as text for the quarantine: those that do not decode as `\xNN`, a long one cut in the middle."""
    if len(raw) > limit:
        raw = raw[: limit // 2] + f"... ({len(raw):,} bytes) ...".encode() + raw[-limit // 2 :]
    text = re.sub(rb"\xed([\xb2\xb3])([\x80-\xbf])", lambda found: bytes((found[1][0] - 0xB2 << 6 | found[2][0],)), raw)
    return text.decode("utf-8", "backslashreplace")


def known_encoding(name: str | None) -> str | None:
    """The name itself. Raises ValueError for one that Python does not know as an encoding of text."""
    if name is not None:
        try:
            "".encode(name)
        except LookupError as error:
            raise ValueError(f"{error}; expected one such as utf-8, cp1252, latin-1, utf-16 or gb18030") from error
    return name


def sixteen(head: bytes) -> str | None:
    """UTF-16 by its zero bytes: text of the west has one in nearly every pair, always on the same side."""
    sample = head[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 4 and even < odd // 10:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) // 4 and odd < even // 10 else None


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


_ESCAPE = "brickwise-escape"  # as surrogateescape, for bytes below 0x80 and encodings of two bytes too
codecs.register_error(_ESCAPE, _escaped)
