"""Folders of text files."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from .documents import Documents
from .encodings import known_encoding


class TextFolder(Documents):
    """Text files, each of them a row: id, label, text (see `Documents`).

    encoding: of all files; found for each by its bytes where it is None.  A byte order mark goes before both.  A file that is not
    in the declared encoding, is no text or is empty is turned away.
    """

    encoding: Annotated[str | None, AfterValidator(known_encoding)] = None

    def columns(self) -> list[tuple[str, Any]]:
        """Id, label, text."""
        import pyarrow as pa

        return [(name, pa.string()) for name in ("id", "label", "text")]

    def document(self, data: bytes) -> dict[str, Any]:
        """The text, its lines end as Unix has them."""
        from .plaintext import decoded

        return {"text": decoded(data, self.encoding)}
