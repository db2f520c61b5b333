"""Folders of e-mails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .documents import Documents

if TYPE_CHECKING:
    from .archives import Part

_FROM = re.compile(rb"From \S.*\d\d:\d\d.*\d{4}")  # the line before each mail of an mbox
_LINE = 2**20  # bytes that are read as a line


class MailFolder(Documents):
    """Raw e-mails (RFC 5322, MIME), one to a file, each of them a row (see `Documents` for path, label and id).

    mbox: each file holds several mails one after the other, as mbox; an id ends in the line of the file where its mail begins.

    Columns beside id and label: text, what a mail program would show: of parts that say the same, plain text before HTML, which is
    read as the text it shows, without scripts and styles; several parts have an empty line between them.  subject.  sender, an
    address.  recipients, those of To and Cc.  date, in UTC, null where there is none that can be read.  html, whether text was HTML.
    parts, how many.  attachments, their names, or their types where they have none; they are not opened.
    Base64, quoted-printable, encoded headers and charsets are decoded; bytes that are not in the charset that is declared are read as
    UTF-8 or as what they look like.  Only what is empty, too large or has no header of an e-mail is turned away.
    """

    mbox: bool = False

    def columns(self) -> list[tuple[str, Any]]:
        """As in the docstring of the class."""
        import pyarrow as pa

        text, texts = pa.string(), pa.list_(pa.string())
        return [
            ("id", text), ("label", text), ("text", text), ("subject", text), ("sender", text), ("recipients", texts),
            ("date", pa.timestamp("us", "UTC")), ("html", pa.bool_()), ("parts", pa.int64()), ("attachments", texts),
        ]  # fmt: skip

    def document(self, data: bytes) -> dict[str, Any]:
        """One mail."""
        from .mail import parse

        return parse(data)._asdict()

    def split(self, part: Part) -> Iterator[tuple[int | None, bytes]]:
        """The file, or each mail of an mbox with the line where it begins."""
        if not self.mbox:
            yield from super().split(part)
            return
        start, number, size, blank = 1, 1, 0, True
        held: list[bytes] = []
        while line := part.stream.readline(_LINE):
            if blank and _FROM.match(line) and held:
                yield start, b"".join(held)
                start, held, size = number, [], 0
            number += line.endswith(b"\n")
            blank = not line.strip()
            if size <= self.largest:
                quoted = re.match(rb">+From ", line)  # as mbox writes a line of a mail that looks like its own
                held.append(line[1:] if quoted else line)
                size += len(line)
        if held:
            yield start, b"".join(held)
