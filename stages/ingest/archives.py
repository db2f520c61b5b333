"""Archives: the plain bytes in a file, whatever it is packed in, and never more of them than it may hold.

What a file is packed in is told by its first bytes (gzip, zstd, zip, tar).  Only bytes that came out are counted: no header is believed.
"""

from __future__ import annotations

import io
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow as pa

from pipeline import StageError

from .places import BLOCK

_SLACK = 2**26  # bytes that any file may hold, however small it is packed
_HEADERS = 2**20  # bytes that the headers before one member of a tar may take
_PACKED = {"gz": "gzip", "tgz": "gzip", "zst": "zstd", "zip": "zip", "tar": "tar"}


@dataclass(frozen=True)
class Part:
    """One file's plain bytes: a file of its own, or a member of an archive.

    name: of the file, followed by that of the member.  stream: valid until the next part is asked for; one that is not packed
    can seek.  refused: why a member is not read, in words; then it has no bytes.
    """

    name: str
    stream: BinaryIO
    refused: str = ""


class Limits(NamedTuple):
    """How much a file may hold: bytes, and bytes for each of its own."""

    max_bytes: int
    max_ratio: float


def parts(file: BinaryIO, name: str, members: str, limits: Limits) -> Iterator[Part]:
    """The file itself, or the members of an archive that fit the pattern, in its order; a hidden one fits only `.*`.

    Links and devices are refused one by one.  Raises StageError for an archive that is damaged, cut off, encrypted, holds more
    than it may, has a member whose name leads out of it, or none that fits.
    """
    meter = _Meter(name, file.seek(0, io.SEEK_END), limits)
    file.seek(0)
    kind = _kind(file.read(512))
    file.seek(0)
    named = _PACKED.get(re.split("[?#]", name)[0].rpartition(".")[2].lower())
    if named and named != kind:
        raise StageError(
            f"source {name} is named like {named} and does not begin like it; it is damaged, or has the wrong name"
        )
    if kind == "zip":
        found = _zip(file, name, members, meter)
    elif kind == "tar":
        found = _tar(file, name, members, meter)
    elif kind:
        stream = _unpacked(file, name, kind, meter)
        if _kind(stream.peek(512)) != "tar":
            yield Part(name, cast("BinaryIO", stream))
            return
        found = _tar(cast("BinaryIO", stream), name, members, meter)
    else:
        yield Part(name, file)
        return
    read = 0
    for part in found:
        read += not part.refused
        yield part
    if not read:
        raise StageError(f"source {name} has no member that fits {members!r}; set members to a pattern of their names")


@contextmanager
def seekable(part: Part) -> Iterator[BinaryIO]:
    """A part's bytes as a file that can seek: a temporary copy of them where they are packed."""
    if part.stream.seekable():
        yield part.stream
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(part.stream, file, BLOCK)
        file.seek(0)
        yield cast("BinaryIO", file)


class _Meter:
    """Counts what came out of one file, by the layer that it came out of."""

    def __init__(self, name: str, size: int, limits: Limits) -> None:
        self._name, self._size, self._limits = name, size, limits
        self._counts: Counter[str] = Counter()

    def add(self, count: int, layer: str) -> None:
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


class _Counted(io.RawIOBase):
    """A stream that counts what it gives, in one meter or more, and says where it broke off."""

    def __init__(self, inner: Any, name: str, kind: str, meter: _Meter) -> None:
        super().__init__()
        self._inner, self._name, self._kind, self._meter = inner, name, kind, meter
        self.given = 0
        self.allowed: int | None = None
        self.last = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def take(self, most: int) -> bytes:
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
                f"source {self._name} has more than {_HEADERS:,} bytes of headers before a member; it is no honest tar"
            )
        self.last = (self.last + data[-512:])[-512:]
        return data

    def read(self, size: int = -1, /) -> bytes:
        """What tarfile asks for."""
        return self.take(size)


def _unpacked(file: Any, name: str, kind: str, meter: _Meter, layer: str = "") -> io.BufferedReader:
    stream = pa.CompressedInputStream(file, kind)
    return io.BufferedReader(_Counted(stream, name, kind + layer, meter), BLOCK)


def _kind(head: bytes) -> str:
    """gzip, zstd, zip, tar, or nothing."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return "zstd"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else ""


def _member(name: str, member: str, stream: Any, kind: str, meter: _Meter) -> Iterator[Part]:
    """One member's bytes, unpacked once more where it is packed; nothing of it is left unread."""
    whole = f"{name}/{member}"
    counted = io.BufferedReader(_Counted(stream, whole, kind, meter), BLOCK)
    inner = _kind(counted.peek(512))
    plain = _unpacked(counted, whole, inner, meter, " member") if inner in ("gzip", "zstd") else counted
    if inner in ("zip", "tar") or (plain is not counted and _kind(plain.peek(512))):
        yield Part(whole, io.BytesIO(), "is an archive in an archive")
    else:
        yield Part(whole, cast("BinaryIO", plain))
    while counted.read(BLOCK):
        pass


def _wanted(name: str, member: str, pattern: str) -> bool:
    """Whether a member fits. Raises StageError for a name that leads out of the archive."""
    path = member.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/") or not path.isprintable():
        raise StageError(f"source {name} has a member called {member!r}, which leads out of it; it is no honest archive")
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))
    return fnmatchcase(path, pattern) and (not hidden or "." in (pattern[0], pattern.rpartition("/")[2][:1]))


def _zip(file: Any, name: str, pattern: str, meter: _Meter) -> Iterator[Part]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise StageError(f"source {name} is a damaged or cut off zip: {error}") from error
    with archive:
        infos = archive.infolist()
        if any(info.filename == "[Content_Types].xml" or info.filename == "mimetype" for info in infos[:1]):
            raise StageError(f"source {name} is an office document and no archive of files; save it in a plain format")
        for info in infos:
            if info.is_dir() or not _wanted(name, info.orig_filename, pattern):
                continue
            if info.flag_bits & 0x41:
                raise StageError(
                    f"source {name} has the member {info.filename!r}, which is encrypted; unpack it with its password first"
                )
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield Part(f"{name}/{info.filename}", io.BytesIO(), "is a link or a device, no regular file")
                continue
            try:
                stream = archive.open(info)
            except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as error:
                raise StageError(f"source {name}: its member {info.filename!r} cannot be read: {error}") from error
            with stream:
                yield from _member(name, info.filename, stream, "zip", meter)


def _tar(file: Any, name: str, pattern: str, meter: _Meter) -> Iterator[Part]:
    """Members as they come. What a header may take is bounded, since tarfile holds one whole."""
    raw = _Counted(file, name, "tar headers", _Meter(name, 2**62, Limits(2**62, 1)))
    raw.allowed = _HEADERS
    try:
        with tarfile.open(fileobj=raw, mode="r|", bufsize=tarfile.RECORDSIZE, errors="backslashreplace") as archive:
            while True:
                raw.allowed = _HEADERS
                member = archive.next()
                raw.allowed = None
                if member is None:
                    break
                archive.members = []  # type: ignore[attr-defined]  # else it remembers every one
                label = member.name.removeprefix("./")
                if member.isdir() or not _wanted(name, label, pattern):
                    _drain(archive, member)
                elif not member.isreg() or member.issparse():
                    yield Part(f"{name}/{label}", io.BytesIO(), "is a link, a device or has holes, no regular file")
                else:
                    yield from _member(name, label, archive.extractfile(member), "tar", meter)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise StageError(f"source {name} is a damaged or cut off tar: {error}") from error
    _require_end(raw, name)


def _require_end(raw: _Counted, name: str) -> None:
    """A tar ends with zeros and nothing else; one that is cut off between two members looks whole to tarfile."""
    ended = raw.last == bytes(len(raw.last))
    while ended and (data := raw.take(BLOCK)):
        ended = not data.strip(b"\0")
    if not ended:
        raise StageError(f"source {name} is a damaged or cut off tar, or several in one: it does not end as a tar does")


def _drain(archive: Any, member: Any) -> None:
    stream = archive.extractfile(member) if member.isreg() else None
    while stream is not None and stream.read(BLOCK):
        pass
