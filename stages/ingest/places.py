"""Places: which files a path, a pattern or a URL names, in which state they are, and their bytes."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import has_magic
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pipeline import StageError, UsageError
from pipeline.digest import Json, digest_file, digest_stream
from pipeline.errors import suggest

from .credentials import expanded, quoting

T = TypeVar("T")

BLOCK = 2**20  # bytes read at a time
_SAME = ("ETag", "etag", "md5Hash", "content_md5", "crc32c", "checksum", "sha256", "VersionId", "generation")
_DATED = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


def listed(path: str, sha256: str = "") -> Mapping[str, Json]:
    """Name -> state of every file that a path, a pattern or a URL names, in the order of their names.

    The state is a digest of a local file, the declared sha256 of one over HTTP, and what its file system tells (an ETag, or size
    and time) of any other.  Raises UsageError where there is none, one is not readable, or is a link that leads out of its folder.
    """
    protocol = protocol_of(path)
    if protocol in ("", "http") or not has_magic(without_query(path)):
        return {name: state(name, sha256) for name in named(path, sha256)}
    with quoting(path, "listed", UsageError):  # one question for all of them
        system, found = _matching(path)
        return {name: _told(name, system, at, info) for name, at, info in _one_sha256(path, sha256, found)}


def named(path: str, sha256: str = "", *, folders: bool = False) -> list[str]:
    """Every file that a path, a pattern or a URL names, in the order of their names; folders: also those below a local folder."""
    protocol = protocol_of(path)
    if protocol == "http":
        return [path]
    if protocol:
        names = [name for name, _, _ in _matching(path)[1]] if has_magic(without_query(path)) else [path]
    elif folders and Path(_local(path)).is_dir():
        names = _below(f"{path.rstrip('/')}/", "**/*")
    else:
        names = _fitting(path) if has_magic(path) and not Path(_local(path)).exists() else [path]
    return names if names == [path] else _one_sha256(path, sha256, names)


def _one_sha256(path: str, sha256: str, found: list[T]) -> list[T]:
    """What a pattern names. Raises UsageError where one sha256 is to be that of all."""
    if sha256:
        raise UsageError(
            f"source {path} names several files, and sha256 is that of one; give the sha256 with the name of one file"
        )
    return found


def state(name: str, sha256: str = "", *, empty: bool = False) -> Json:
    """The state of one file. Raises UsageError where it is not readable, or has no bytes and may not be empty."""
    protocol = protocol_of(name)
    if protocol == "http":
        if not sha256:
            raise UsageError(
                f"source {name} is read over HTTP, where nothing tells whether a file has changed: declare it as sha256='...'; "
                f"`sha256sum FILE` prints it"
            )
        return sha256.lower()
    if not protocol:
        return _local_state(name, empty)
    with quoting(name, "found", UsageError):
        system, path = _system(name)
        info = system.info(path)
        if info.get("type") == "directory":
            raise UsageError(f"source {name} is no file, expected one, or a pattern such as {name.rstrip('/')}/*")
        return _told(name, system, path, info, empty=empty)


@contextmanager
def opened(name: str, sha256: str = "", max_bytes: int = 2**62) -> Iterator[BinaryIO]:
    """The bytes of one file, as one that can seek. Where a sha256 is declared, nothing is read that has another.

    A file over HTTP is copied to a temporary one first.  Raises StageError.
    """
    protocol = protocol_of(name)
    with quoting(name, "read"):
        if protocol == "http":
            with tempfile.TemporaryFile() as file:
                _fetch(name, file, max_bytes)
                yield _verified(name, file, sha256)
        elif protocol:
            system, path = _system(name)
            with system.open(path, "rb", block_size=4 * BLOCK) as file:
                yield _verified(name, file, sha256)
        else:
            with Path(_local(name)).open("rb") as file:
                yield _verified(name, file, sha256)


def protocol_of(path: str) -> str:
    """The file system that a URL names, `http` also for HTTPS; empty for a local path. Raises UsageError for an unknown one."""
    found = re.match(r"([A-Za-z0-9+._-]+)(?:::|://)", path)
    if found is None or found[0] in ("file://", "local://"):
        return ""
    protocol = found[1].lower()
    if re.search("::[a-z]", path):
        raise UsageError(
            f"source {path} chains file systems, which is not read; name the file itself: archives are read as they are"
        )
    if protocol in ("http", "https"):
        return "http"
    from fsspec.registry import known_implementations, registry

    if protocol not in known_implementations and protocol not in registry:
        known = ("file", "http", "https", "s3", "gs", "abfs", "sftp", "memory")
        raise UsageError(
            f"source {path} starts with {protocol!r}, which is no file system that fsspec knows; {suggest(protocol, known)}"
        )
    return protocol


def _local(path: str) -> str:
    return expanded(re.sub("^(file|local)://", "", path))


def _local_state(name: str, empty: bool) -> Json:
    path = Path(_local(name))
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"source {name!a} has a name that is not UTF-8; give it another") from None
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"source {name} is no file, expected one")
        if not empty and not path.stat().st_size:
            raise UsageError(f"source {name} is empty, expected a file with rows")
        return digest_file(path)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"source {name} cannot be read: {getattr(error, 'strerror', None) or error}; "
            f"expected a file, relative to the folder you run in"
        ) from (None if "${" in name else error)  # its own words would be in the traceback


def _fitting(pattern: str) -> list[str]:
    """Local files that fit. `**` goes into no link; a link to a file counts where it stays below the folder before the first `*`."""
    start = re.match(r"^(?:file://|local://)?[^*?\[]*/|^", pattern)
    stem = start[0] if start else ""
    rest = pattern[len(stem) :]
    if ".." in rest.split("/"):
        raise UsageError(f"source {pattern} goes up (..) behind a pattern; expected names below it")
    return _below(stem, f"{rest}/*" if rest.endswith("**") else rest)


def _below(stem: str, rest: str) -> list[str]:
    """Files that fit a pattern below a folder, each called by the folder's name as it is written and its own."""
    folder = Path(_local(stem) or ".")
    found: dict[str, Path] = {}
    for path in sorted(folder.glob(expanded(rest))):
        below = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in below.parts) and not re.search(r"(^|/)\.", rest)
        if path.is_file() and not hidden:
            found[f"{stem}{below.as_posix()}"] = path
    if not found:
        raise UsageError(f"source {stem}{rest}: no file fits, expected some, relative to {Path.cwd()}")
    inside = folder.resolve()
    for name, path in found.items():
        if not path.resolve().is_relative_to(inside):
            raise UsageError(
                f"source {name} is a link that leads out of {stem or 'the folder'}; "
                f"remove it, or give the name of the file that it leads to"
            )
    return list(found)


def _matching(pattern: str) -> tuple[Any, list[tuple[str, str, Mapping[str, Any]]]]:
    """The file system, and (name, path, info) of each file there that fits, in the order of their paths.

    They are named as the pattern is written: what `${NAME}` stands for is in no name.
    """
    stem, rest = re.match(r"(.*?://[^*?\[]*/|.*?://)(.*)", pattern, re.DOTALL).groups()  # type: ignore[union-attr]  # it has ://
    if "${" in rest:
        raise UsageError(f"source {pattern} has ${{...}} behind a pattern; expected it before the first *, ? or [")
    with quoting(pattern, "listed", UsageError):
        system, path = _system(pattern)
        root = system._strip_protocol(expanded(stem)).rstrip("/")  # noqa: SLF001  # fsspec has no public way
        found = sorted(
            ((name, info) for name, info in system.glob(path, detail=True).items() if info.get("type") == "file"),
            key=itemgetter(0),
        )
    if not found:
        raise UsageError(f"source {pattern}: no file fits, expected some")
    return system, [(stem + at[len(root) :].lstrip("/"), at, info) for at, info in found]


def _told(name: str, system: Any, path: str, info: Mapping[str, Any], *, empty: bool = False) -> Json:
    """What a file system tells of a file that changes when the file does."""
    if not empty and not info.get("size", 1):
        raise UsageError(f"source {name} is empty, expected a file with rows")
    told = {key: str(info[key]) for key in _SAME if info.get(key)} or {key: str(info[key]) for key in _DATED if info.get(key)}
    if told:
        return {"size": info.get("size"), **told}
    with system.open(path, "rb") as file:  # it tells nothing: its bytes do
        return digest_stream(file, BLOCK)


def without_query(url: str) -> str:
    """A URL without its query; a `?` that no `=` follows is a pattern's."""
    return url.partition("?")[0] if "://" in url and "=" in url.partition("?")[2] else url


def _system(url: str) -> tuple[Any, str]:
    """A file system with nothing remembered, and the path on it."""
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(expanded(url), skip_instance_cache=True)
    except ImportError as error:
        way_out = "pip install 'brickwise[s3]'" if url.startswith("s3") else str(error)
        raise UsageError(f"source {url} needs a driver that is not installed: {way_out}") from error
    system.invalidate_cache()
    return system, str(path)


def _fetch(name: str, file: Any, max_bytes: int) -> None:
    """Copy a file over HTTP. What stands for the user and the password is sent to the named server alone."""
    from base64 import b64encode
    from http.client import responses
    from urllib.error import HTTPError
    from urllib.parse import unquote, urlsplit, urlunsplit
    from urllib.request import Request, urlopen

    split = urlsplit(expanded(name))
    user, _, server = split.netloc.rpartition("@")
    request = Request(urlunsplit(split._replace(netloc=server, fragment="")), headers={"Accept-Encoding": "identity"})  # noqa: S310  # it is http
    if user:
        request.add_unredirected_header("Authorization", f"Basic {b64encode(unquote(user).encode()).decode()}")
    try:
        response = urlopen(request, timeout=60)  # noqa: S310
    except HTTPError as error:
        with error:
            said = responses.get(error.code, "")  # not what the server says, which may be the URL
            raise StageError(f"source {name} cannot be read: the server answered {error.code} {said}") from None
    count = 0
    with response:
        while data := response.read(BLOCK):
            count += len(data)
            if count > max_bytes:
                raise StageError(f"source {name} is larger than max_bytes={max_bytes:,}; raise it if that is what you expect")
            file.write(data)


def _verified(name: str, file: Any, sha256: str) -> Any:
    if sha256:
        file.seek(0)
        hasher = hashlib.sha256()
        while data := file.read(BLOCK):
            hasher.update(data)
        if hasher.hexdigest() != sha256.lower():
            raise StageError(
                f"source {name} has the sha256 {hasher.hexdigest()}, declared is {sha256.lower()}; it is not the file you mean"
            )
    file.seek(0)
    return file
