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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, BinaryIO, cast

from pipeline import StageError

from .places import BLOCK
from .unpacked import HEADERS, Counted, Limits, Meter, kind_of, unpacked

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


def parts(file: BinaryIO, name: str, members: str, limits: Limits) -> Iterator[Part]:
    """The file itself, or the members of an archive that fit the pattern, in its order; a hidden one fits only `.*`.

    Links and devices are refused one by one.  Raises StageError for an archive that is damaged, cut off, encrypted, holds more
    than it may, has a member whose name leads out of it, or none that fits.
    """
    meter = Meter(name, file.seek(0, io.SEEK_END), limits)
    file.seek(0)
    kind = kind_of(file.read(512))
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
        stream = unpacked(file, name, kind, meter)
        if kind_of(stream.peek(512)) != "tar":
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


def _member(name: str, member: str, stream: Any, kind: str, meter: Meter) -> Iterator[Part]:
    """One member's bytes, unpacked once more where it is packed; nothing of it is left unread."""
    whole = f"{name}/{member}"
    counted = io.BufferedReader(Counted(stream, whole, kind, meter), BLOCK)
    inner = kind_of(counted.peek(512))
    plain = unpacked(counted, whole, inner, meter, " member") if inner in ("gzip", "zstd") else counted
    if inner in ("zip", "tar") or (plain is not counted and kind_of(plain.peek(512))):
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


def _zip(file: Any, name: str, pattern: str, meter: Meter) -> Iterator[Part]:
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


def _tar(file: Any, name: str, pattern: str, meter: Meter) -> Iterator[Part]:
    """Members as they come. What a header may take is bounded, since tarfile holds one whole."""
    raw = Counted(file, name, "tar headers", Meter(name, 2**62, Limits(2**62, 1)))
    raw.allowed = HEADERS
    try:
        with tarfile.open(fileobj=raw, mode="r|", bufsize=tarfile.RECORDSIZE, errors="backslashreplace") as archive:
            while True:
                raw.allowed = HEADERS
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


def _require_end(raw: Counted, name: str) -> None:
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
