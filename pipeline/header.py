"""The header of a safetensors file, looked at before anything of its size is taken into memory."""

from __future__ import annotations

import json
from pathlib import Path

from .errors import UsageError, bounded

_MOST = 25_000_000  # bytes of a header: room for a hundred thousand tensors


def require_header(path: Path) -> None:
    """Raise UsageError unless a file begins like safetensors: the header's length, then JSON, then as many bytes as it says.

    A length of a gigabyte is refused after the eight bytes that claim it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(_MOST, size - 8):
            raise UsageError(
                f"{bounded(str(path))} claims a header of {length:,} bytes in a file of {size:,}, expected at most "
                f"{min(_MOST, max(size - 8, 0)):,}; it is no safetensors file, or a damaged one: fetch it again"
            )
        try:
            header = json.loads(file.read(length))
            ends = [int(tensor["data_offsets"][1]) for name, tensor in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise UsageError(f"{bounded(str(path))} has no safetensors header; fetch it again") from None
    if max(ends, default=0) != size - 8 - length:
        raise UsageError(
            f"{bounded(str(path))} holds {size - 8 - length:,} bytes of weights, its header says {max(ends, default=0):,}; "
            f"it was cut off or changed: fetch it again"
        )
