"""Remote: the layout of a store at a URL, on any file system that fsspec knows. What is sent is read back before it counts."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..digest import digest_bytes, digest_stream
from ..errors import StoreError, UsageError, bounded, suggest
from ..store import durable

_USER = re.compile(r"://((?=[^/]*[:@]).*)@")  # to the last @, since a password may hold one: rather hide too much
_QUERY = re.compile(r"://.*?\?(.+)")  # where signed URLs carry their signature
SMALL = 16 * 2**20  # bytes: what is larger is never whole in memory
_BLOCK = 4 * 2**20  # bytes in memory at a time of what is read back
_OPTIONS = {"s3": {"max_concurrency": 4}}  # parts of 50 MB in memory at a time, of one large object


class Remote:
    """Files below a URL; paths are relative to it.

    threads: how many may use it at once.
    Raises UsageError for a URL that no driver understands, StoreError, with what the driver said, when it fails.
    """

    def __init__(self, url: str) -> None:
        self._url, self.shown = url, masked(url)
        with self._said("open"):
            self._fs, self._root = self._connect(url)
            kind = type(self._fs)
            self._local = "file" in (kind.protocol if isinstance(kind.protocol, tuple) else (kind.protocol,))
            self.threads = 8 if self._local or self._fs.async_impl else 1  # other drivers share one connection
            # One that can rename shows a file while it is still written; object stores show it when it is whole.
            self._renames = kind.mv is not _plain_move()
        self._folders: set[str] = set()

    def _connect(self, url: str) -> tuple[Any, str]:
        from fsspec import available_protocols
        from fsspec.core import split_protocol, url_to_fs

        protocol = split_protocol(url)[0]
        if protocol is not None and "::" not in protocol and protocol not in available_protocols():
            raise UsageError(
                f"{self.shown} starts with {bounded(protocol)!r}, which is no file system that fsspec knows; "
                f"{suggest(protocol, ('file', 's3', 'gs', 'abfs', 'sftp'))}"
            )
        try:
            fs, root = url_to_fs(url, skip_instance_cache=True, **_OPTIONS.get(protocol or "file", {}))
        except ImportError as error:
            way_out = "pip install 'brickwise[s3]'" if protocol in ("s3", "s3a") else str(error)
            raise UsageError(f"{self.shown} needs a driver that is not installed: {way_out}") from error
        return fs, str(root).rstrip("/")

    def files(self, folder: str) -> dict[str, int]:
        """Path -> bytes of all files below a folder; none where there is no such folder."""
        with self._said("list", folder):
            self._fs.invalidate_cache()
            try:
                found = list(self._entries(f"{self._root}/{folder}"))
            except FileNotFoundError:
                return {}
            finally:
                self._fs.invalidate_cache()
        start = f"{self._root}/"
        return {name[len(start) :]: int(info["size"] or 0) for name, info in found if name.startswith(f"{start}{folder}/")}

    def _entries(self, path: str) -> Iterator[tuple[str, Any]]:
        if self._fs.async_impl:  # one request for a thousand names, whatever their folders
            yield from self._fs.find(path, detail=True).items()
            return
        for _, _, files in self._fs.walk(path, detail=True, on_error="raise"):
            yield from ((info["name"], info) for info in files.values())

    def read(self, path: str) -> bytes | None:
        """The bytes of a small file, or None where there is none."""
        with self._said("read", path):
            try:
                return bytes(self._fs.cat_file(self._at(path)))
            except FileNotFoundError:
                return None

    def digest(self, path: str, size: int) -> str | None:
        """The digest of a file of about so many bytes, a large one read in blocks; None where there is none."""
        with self._said("read", path):
            try:
                return self._digest(self._at(path), size)
            except FileNotFoundError:
                return None

    def fetch(self, path: str, target: Path) -> bool:
        """Copy a file of any size to a local one; says whether there was one. What came is not looked at."""
        with self._said("read", path):
            try:
                self._fs.get_file(self._at(path), str(target))
            except FileNotFoundError:
                return False
        return True

    def send(self, source: Path | bytes, path: str, digest: str | None) -> None:
        """Write bytes, or copy a local file of any size, whole or not at all.

        Proved, on return: read from the remote anew, the file has this digest.  Where the file system can rename, that is
        proved before the file gets its name.  Raises StoreError for one that came out otherwise, which is removed.
        None for a file that others may write too, with other bytes: nothing is proved, and nothing removed.
        """
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        target = self._at(path)
        written = self._at(f"tmp/{secrets.token_hex(8)}") if self._renames else target
        with self._said("write", path):
            try:
                self._write(source, written)
                whole = digest is None or self._digest(written, size) == digest
                if whole and self._renames:
                    self._move(written, target)
            except Exception:
                if self._renames:
                    self._remove(written)
                raise
        if not whole:
            self._remove(written)
            raise StoreError(
                f"{path} was sent to {self.shown} and read back with other bytes; "
                f"run the same command again, and look at the network and the disks when it happens again"
            )

    def close(self) -> None:
        """Let go of the connections that a driver would keep until the process ends."""
        session = getattr(self._fs, "_s3", None)
        if session is not None:
            with suppress(Exception):  # nothing is sent any more
                self._fs.close_session(self._fs.loop, self._fs._s3creator)  # noqa: SLF001  # s3fs has no public way

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _write(self, source: Path | bytes, target: str) -> None:
        self._folder(target)
        if isinstance(source, bytes):
            self._fs.pipe_file(target, source)
        else:
            self._fs.put_file(str(source), target)
        if self._local:
            durable.sync_file(Path(target))

    def _move(self, source: str, target: str) -> None:
        self._folder(target)
        self._fs.mv(source, target)
        if self._local:
            durable.sync_folder(Path(target).parent)

    def _digest(self, path: str, size: int) -> str:
        if size <= SMALL:
            return digest_bytes(self._fs.cat_file(path))  # one request, where opening makes two
        with self._fs.open(path, "rb", block_size=_BLOCK) as file:
            return digest_stream(file, _BLOCK)

    def _folder(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        if self._renames and folder not in self._folders:
            if self._local:
                durable.make_folder(Path(folder))
            else:
                self._fs.mkdirs(folder, exist_ok=True)
            self._folders.add(folder)

    def _remove(self, path: str) -> None:
        with suppress(Exception):  # it may not be there, or the connection may be gone: what failed before is told
            self._fs.rm_file(path)

    @contextmanager
    def _said(self, doing: str, path: str = "") -> Iterator[None]:
        """Turn whatever a driver raises into a StoreError that names the place and shows no secret."""
        try:
            yield
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001  # drivers raise what they like
            cause = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
            hidden = secrets_in(self._url)
            said = self.shown.join(str(cause).split(self._url))
            for secret in hidden:
                said = said.replace(secret, "***")
            place = f"{self.shown.rstrip('/')}/{path}".rstrip("/")
            raise StoreError(
                f"cannot {doing} {place}: {type(cause).__name__}: {bounded(said, 300)}; "
                f"mend the cause and give the same command again: what is copied stays, and it goes on from there"
            ) from (None if hidden else error)  # its own words would be in the traceback


def masked(url: str) -> str:
    """The URL without what may be a secret: its user, its password and its query."""
    for pattern in (_USER, _QUERY):
        found = pattern.search(url)
        if found is not None:
            url = f"{url[: found.start(1)]}***{url[found.end(1) :]}"
    return url


def secrets_in(url: str) -> list[str]:
    """What `masked` leaves out and its parts, as written and decoded, the longest first."""
    found = [match[1] for match in (pattern.search(url) for pattern in (_USER, _QUERY)) if match is not None]
    parts = {part for text in found for part in (text, *text.split(":", 1), text.rpartition(":")[0]) if part}
    return sorted(parts | {unquote(part) for part in parts}, key=len, reverse=True)


def _plain_move() -> Any:
    from fsspec import AbstractFileSystem

    return AbstractFileSystem.mv  # copies, and removes what it copied
