"""An artifact as a folder that goes anywhere: `facts.json`, which says what each file must hold, and the files.

`facts.json` is the manifest that a store has of the artifact, with its digest beside it.  A folder is read as if a stranger had sent
it: what the manifest does not name is not looked at, and nothing in it is ever run.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, TypeVar

from .artifact import Artifact, Stored
from .digest import Json, canonical, digest_bytes, digest_file, digest_json
from .errors import StageError, StoreError, UsageError, bounded
from .header import require_header
from .store import durable

FACTS = "facts.json"
_LARGEST = 2**26  # bytes of facts.json: facts are small
_NAME = re.compile(r"[\w-][\w. -]*(/[\w-][\w. -]*)*")  # no step begins with a dot, so that none leads upwards

A = TypeVar("A", bound=Artifact)
T = TypeVar("T", bytes, memoryview)


@dataclass(frozen=True)
class _Files:
    """The files of a folder, by the digests of their bytes."""

    paths: Mapping[str, Path]

    def get(self, digest: str) -> bytes:
        """Verified. Raises StoreError."""
        return self._verified(digest, durable.read(self.paths[digest]))

    def map(self, digest: str) -> memoryview:
        """Verified, through the map. Raises StoreError."""
        return self._verified(digest, durable.read_mapped(self.paths[digest]))

    def head(self, digest: str, count: int) -> bytes:
        """The first bytes, not verified."""
        return durable.read(self.paths[digest], count) or b""

    def _verified(self, digest: str, data: T | None) -> T:
        if data is None or digest_bytes(data) != digest:
            raise StoreError(f"{self.paths[digest]} is gone or was changed; export it again")
        return data


def save(artifact: Artifact, folder: str | Path) -> Path:
    """Write an artifact to a folder, which appears whole or not at all; returns the folder.

    Raises UsageError for a folder that holds anything but the same artifact, or a file whose name cannot be one there.
    """
    folder = Path(folder).absolute()
    files = [_entry(name, content) for name, content in sorted(artifact.files.items())]
    document = {"kind": type(artifact).__name__, "facts": dict(artifact.facts), "files": files}
    try:
        digest = digest_json(document)
    except (TypeError, ValueError) as error:
        raise StageError(f"the facts of a {document['kind']} are no JSON: {error}; expected plain, finite values") from error
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        if _holds(folder, digest):
            return folder
        raise UsageError(f"{folder} is there already, and holds something else; name a new folder, or remove it")
    draft = folder.parent / f".{folder.name}.{secrets.token_hex(6)}"
    written = [draft / FACTS, *(draft / entry["name"] for entry in files)]
    try:
        for entry in files:
            durable.write(draft / entry["name"], artifact.read(entry["name"]), draft, read_only=False)
        shown = json.dumps({"digest": digest, **document}, indent=2, ensure_ascii=False)
        durable.write(draft / FACTS, shown.encode(), draft, read_only=False)
        durable.move(draft, folder)
    except StoreError as error:
        if isinstance(error.__cause__, OSError):
            raise UsageError(f"cannot write {folder}: {error.__cause__.strerror}; mend that, or name another folder") from error
        raise
    finally:
        with suppress(StoreError):
            for path in written:
                durable.remove(path)
            for inner in sorted({path.parent for path in written}, reverse=True):
                durable.remove_folder(inner)
    return folder


def load(kind: type[A], folder: str | Path) -> A:
    """The artifact in a folder, every file verified now and again when it is read.

    Raises UsageError for a folder that holds none, or one of another kind, or that does not keep to what a folder may hold: a link
    in place of a file, a name that leads out of it, a safetensors header that claims more than there is.  Raises StoreError for a
    file that is damaged.
    """
    folder = Path(folder)
    document = _manifest(folder)
    if document["kind"] != kind.__name__:
        raise UsageError(f"{folder} holds a {bounded(document['kind'])}, expected a {kind.__name__}")
    paths = {}
    for entry in document["files"]:
        _require_name(entry["name"])
        path = _file(folder, entry["name"])
        if path.suffix == ".safetensors":
            require_header(path)
        if path.lstat().st_size != entry["bytes"] or digest_file(path) != entry["digest"]:
            raise StoreError(f"{path} is not what {FACTS} says; it was changed or cut off: export it again")
        paths[entry["digest"]] = path
    found = _Files(paths)
    files = {entry["name"]: Stored(found, entry["digest"], entry["bytes"]) for entry in document["files"]}
    return kind(facts=document["facts"], files=files, digest=document["digest"])


def _entry(name: str, content: bytes | Stored) -> Json:
    _require_name(name)
    if isinstance(content, Stored):
        return {"name": name, "digest": content.digest, "bytes": content.size}
    return {"name": name, "digest": digest_bytes(content), "bytes": len(content)}


def _manifest(folder: Path) -> dict[str, Any]:
    """What facts.json says, its digest found right and its shape as expected."""
    path = _file(folder, FACTS)
    if path.lstat().st_size > _LARGEST:
        raise UsageError(f"{path} has {path.lstat().st_size:,} bytes, expected at most {_LARGEST:,}")
    try:
        document = json.loads(durable.read(path) or b"")
        digest = document.pop("digest")
        right = digest_bytes(canonical(document)) == digest
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        right = False
    if not right:
        raise StoreError(f"{path} is not what was written; it was changed or cut off: export it again")
    shaped = document.keys() == {"kind", "facts", "files"} and isinstance(document["facts"], dict)
    if not shaped or not isinstance(document["files"], list) or not all(map(_is_entry, document["files"])):
        raise UsageError(f"{path} is no manifest; expected kind, facts, and files with name, digest and bytes each")
    return {"digest": digest, **document}


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == {"name", "digest", "bytes"}
        and isinstance(entry["name"], str)
        and isinstance(entry["digest"], str)
        and isinstance(entry["bytes"], int)
    )


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name == FACTS:
        raise UsageError(
            f"{bounded(name)!r} cannot name a file of an artifact; expected letters, digits, _, -, space and dots, folders by /"
        )


def _file(folder: Path, name: str) -> Path:
    """The path of a file in a folder, none of its steps a link."""
    path = folder
    for step in name.split("/"):
        path = path / step
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            raise UsageError(f"{folder} has no {name} ({error.strerror}); expected a folder that `export` wrote") from None
        if not (S_ISREG(mode) if path == folder / name else S_ISDIR(mode)):
            raise UsageError(f"{path} is a link or no plain file; links and devices are never followed: export it again")
    return path


def _holds(folder: Path, digest: str) -> bool:
    """Whether a folder holds the artifact of a digest, undamaged."""
    try:
        document = _manifest(folder)
        paths = {_file(folder, entry["name"]): entry["digest"] for entry in document["files"]}
        return bool(document["digest"] == digest) and all(digest_file(path) == right for path, right in paths.items())
    except (UsageError, StoreError):
        return False
