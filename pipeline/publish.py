"""Artifacts to and from the store: files first, then a manifest whose digest is the artifact's."""

from __future__ import annotations

import json
from typing import Any

from .artifact import Artifact, Stored
from .digest import Json, canonical
from .errors import DamagedError, StageError, bounded
from .stage import Port
from .store import LocalStore
from .table import Table

# What a manifest is: {"kind": class, "facts": JSON, "files": [{"name", "digest", "bytes"[, "rows"]}]}.


def save(store: LocalStore, artifact: Artifact | Table[Any]) -> str:
    """Store an artifact's files and its manifest; returns the digest of the manifest."""
    if isinstance(artifact, Table):
        files = [_save_fragment(store, position, rows) for position, rows in enumerate(artifact.fragments)]
        schema = {name: str(kind) for name, kind in artifact.record.columns().items()}
        facts: Json = {"rows": sum(entry["rows"] for entry in files), "columns": schema}
        manifest = {"kind": "Table", "facts": facts, "files": files}
    else:
        listed = []
        for name, content in sorted(artifact.files.items()):
            digest = content.digest if isinstance(content, Stored) else store.put(content)
            listed.append({"name": name, "digest": digest, "bytes": store.size(digest)})
        manifest = {"kind": type(artifact).__name__, "facts": dict(artifact.facts), "files": listed}
    try:
        document = canonical(manifest)
    except (TypeError, ValueError) as error:
        raise StageError(
            f"the facts of a {manifest['kind']} are no JSON: {error}; expected finite numbers and plain values"
        ) from error
    return store.put(document)


def _save_fragment(store: LocalStore, position: int, rows: Any) -> Json:
    import pyarrow.parquet as pq

    with store.new_object() as draft:
        pq.write_table(rows, draft, compression="zstd")
        size = draft.stat().st_size
        digest = store.adopt(draft)
    return {"name": f"{position:05}.parquet", "digest": digest, "bytes": size, "rows": rows.num_rows}


def manifest(store: LocalStore, digest: str) -> Json:
    """The manifest of a stored artifact. Raises DamagedError."""
    return json.loads(store.get(digest))


def load(store: LocalStore, digest: str, port: Port) -> Any:
    """The artifact of a digest, every file of it verified, as the class and Record of `port`. Raises DamagedError."""
    found = manifest(store, digest)
    if found["kind"] != port.kind.__name__:
        raise StageError(f"object {digest[:12]} is a {bounded(found['kind'])}, expected {port}")
    files = {entry["name"]: Stored(store.path(entry["digest"]), entry["digest"], entry["bytes"]) for entry in found["files"]}
    if port.kind is Table:
        return Table(port.record, tuple(files.values()), digest=digest)
    return port.kind(facts=found["facts"], files=files, digest=digest)


def complete(store: LocalStore, digest: str) -> bool:
    """Whether an artifact and all its files are there; only the manifest's bytes are looked at."""
    try:
        return all(store.has(entry["digest"]) for entry in manifest(store, digest)["files"])
    except DamagedError:
        return False
