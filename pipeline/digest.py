"""Names by content: BLAKE3 of bytes, of files and of JSON in one canonical form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

from blake3 import blake3

_LARGE = 2**22  # bytes: below it threads cost more than they save

Json = Any  # what json.loads can return


def canonical(document: Json) -> bytes:
    """The one UTF-8 form of a JSON document: keys sorted, no spaces, no NaN.

    Raises ValueError on NaN and infinities, which JSON does not have.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_bytes(data: bytes | memoryview) -> str:
    """64 hex digits; much is read on all cores."""
    return blake3(data, max_threads=blake3.AUTO if len(data) >= _LARGE else 1).hexdigest()


def digest_json(document: Json) -> str:
    """Digest of the canonical form: equal documents, equal digests."""
    return digest_bytes(canonical(document))


def digest_file(path: Path) -> str:
    """Digest of a file's bytes, read through a memory map, a large one on all cores. Raises OSError."""
    threads = blake3.AUTO if path.stat().st_size >= _LARGE else 1
    return blake3(max_threads=threads).update_mmap(path).hexdigest()


def digest_stream(file: BinaryIO, block: int) -> str:
    """Digest of what is left of an open file, read in blocks of so many bytes."""
    hasher = blake3()
    while data := file.read(block):
        hasher.update(data)
    return hasher.hexdigest()
