"""Artifacts to and from the store: files first, then a manifest whose digest is the artifact's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .artifact import Artifact, Stored
from .digest import Json, canonical
from .errors import DamagedError, StageError, bounded
from .stage import Port
from .store.local import LocalStore
from .table import Table, layout

# What a manifest is: {"kind": class, "facts": JSON, "files": [{"name", "digest", "bytes"[, "rows"]}]}.
# What stands for a fragment before it has a place in a table: {"digest", "bytes", "rows"}.


def save(store: LocalStore, artifact: Artifact | Table[Any]) -> str:
    """Store an artifact's files and its manifest; returns the digest of the manifest."""
    if isinstance(artifact, Table):
        return save_table(
            store, artifact.record, (save_fragment(store, rows, layout(artifact.record)) for rows in artifact.fragments)
        )
    files = []
    for name, content in sorted(artifact.files.items()):
        digest = content.digest if isinstance(content, Stored) else store.put(content)
        files.append({"name": name, "digest": digest, "bytes": store.size(digest)})
    return _save(store, type(artifact).__name__, dict(artifact.facts), files)


def save_table(store: LocalStore, record: Any, fragments: Iterable[Json]) -> str:
    """Store the manifest of a table whose fragments are stored; returns its digest."""
    files = [{"name": f"{position:05}.{layout(record)}", **fragment} for position, fragment in enumerate(fragments)]
    schema = {name: str(kind) for name, kind in record.columns().items()}
    return _save(store, "Table", {"rows": sum(entry["rows"] for entry in files), "columns": schema}, files)


def save_fragment(store: LocalStore, rows: Any, layout: str = "parquet") -> Json:
    """Store an Arrow table as one file of this layout; returns what stands for it in a manifest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with store.new_object() as draft:
        if layout == "arrow":
            with pa.ipc.new_file(str(draft), rows.schema) as writer:
                writer.write_table(rows.combine_chunks())
        else:
            pq.write_table(
                rows, draft, compression="zstd", use_dictionary=False, write_statistics=False
            )  # nobody asks for either
        size = draft.stat().st_size
        digest = store.adopt(draft)
    return {"digest": digest, "bytes": size, "rows": rows.num_rows}


def _save(store: LocalStore, kind: str, facts: Json, files: list[Json]) -> str:
    try:
        document = canonical({"kind": kind, "facts": facts, "files": files})
    except (TypeError, ValueError) as error:
        raise StageError(f"the facts of a {kind} are no JSON: {error}; expected finite numbers and plain values") from error
    return store.put(document)


def manifest(store: LocalStore, digest: str) -> Json:
    """The manifest of a stored artifact. Raises DamagedError."""
    return json.loads(store.get(digest))


def load(store: LocalStore, digest: str, port: Port) -> Any:
    """The artifact of a digest, as the class and Record of `port`; its files are verified as they are read. Raises DamagedError."""
    found = manifest(store, digest)
    if found["kind"] != port.kind.__name__:
        raise StageError(f"object {digest[:12]} is a {bounded(found['kind'])}, expected {port}")
    store.pin(entry["digest"] for entry in found["files"])
    files = {e["name"]: Stored(store, e["digest"], e["bytes"], e.get("rows")) for e in found["files"]}
    if port.kind is Table:
        return Table(port.record, tuple(files.values()), digest=digest)
    return port.kind(facts=found["facts"], files=files, digest=digest)


def missing(store: LocalStore, digests: Iterable[str]) -> str | None:
    """The first object that is not there, of these artifacts and their files; only the bytes of manifests are looked at."""
    for digest in digests:
        try:
            files = [entry["digest"] for entry in manifest(store, digest)["files"]]
        except DamagedError:
            return digest
        store.pin(files)
        for file in files:
            if not store.has(file):
                return str(file)
    return None


def holds(store: LocalStore, artifact: str, digest: str) -> bool:
    """Whether an object is an artifact's manifest or one of its files; where the manifest itself is lost, it may be."""
    try:
        return digest == artifact or any(file["digest"] == digest for file in manifest(store, artifact)["files"])
    except DamagedError:
        return True
