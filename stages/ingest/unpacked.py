"""Unpacked: what comes out of gzip, zstd and archives, counted while it does. No header is believed."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections import Counter
from typing import Any, NamedTuple, cast

import pyarrow as pa

from pipeline import StageError

from .places import BLOCK

_SLACK = 2**26  # bytes that any file may hold, however small it is packed
HEADERS = 2**20  # bytes that the headers before one member of a tar may take


class Limits(NamedTuple):
    """How much a file may hold: bytes, and bytes for each of its own."""

    max_bytes: int
    max_ratio: float


class Meter:
    """Counts what came out of one file, by the layer that it came out of."""

    def __init__(self, name: str, size: int, limits: Limits) -> None:
        self._name, self._size, self._limits = name, size, limits
        self._counts: Counter[str] = Counter()

    def add(self, count: int, layer: str) -> None:
        """Count bytes. Raises StageError when they are more than the file may hold."""
        self._counts[layer] += count
        if self._counts[layer] > self._limits.max_bytes:
            raise StageError(
                f"source {self._name} holds more than max_bytes={self._limits.max_bytes:,}; raise it if that is what you expect"
            )
        if self._counts[layer] > max(_SLACK, self._size * self._limits.max_ratio):
            raise StageError(
                f"source {self._name} holds more than max_ratio={self._limits.max_ratio:g} times its {self._size:,} bytes, "
                f"as a zip bomb does; raise it if that is what you expect"
            )


class Counted(io.RawIOBase):
    """A stream that counts what it gives, in one meter or more, and says where it broke off."""

    def __init__(self, inner: Any, name: str, kind: str, meter: Meter) -> None:
        super().__init__()
        self._inner, self._name, self._kind, self._meter = inner, name, kind, meter
        self.given = 0
        self.allowed: int | None = None
        self.last = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What a buffered reader asks for."""
        data = self.take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def take(self, most: int) -> bytes:
        """Some bytes, none at the end. Raises StageError for damage, and as `Meter.add` does."""
        try:
            data = cast("bytes", self._inner.read(most))
        except (OSError, EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError, RuntimeError) as error:
            raise StageError(
                f"source {self._name} is damaged or cut off: after {self.given:,} bytes of what its {self._kind} holds: {error}"
            ) from error
        except Exception as error:
            if type(error).__module__ in ("zlib", "lzma", "_lzma", "bz2"):
                raise StageError(
                    f"source {self._name} is damaged: after {self.given:,} bytes of what its {self._kind} holds: {error}"
                ) from error
            raise
        self.given += len(data)
        self._meter.add(len(data), self._kind)
        if self.allowed is not None:
            self.allowed -= len(data)
        if self.allowed is not None and self.allowed < 0:
            raise StageError(
                f"source {self._name} has more than {HEADERS:,} bytes of headers before a member; it is no honest tar"
            )
        self.last = (self.last + data[-512:])[-512:]
        return data

    def read(self, size: int = -1, /) -> bytes:
        """What tarfile asks for."""
        return self.take(size)


def unpacked(file: Any, name: str, kind: str, meter: Meter, layer: str = "") -> io.BufferedReader:
    """The bytes in gzip or zstd. layer: what tells their count from that of another stream of the same file."""
    stream = pa.CompressedInputStream(file, kind)
    return io.BufferedReader(Counted(stream, name, kind + layer, meter), BLOCK)


def kind_of(head: bytes) -> str:
    """gzip, zstd, zip, tar, or nothing."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return "zstd"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else ""
