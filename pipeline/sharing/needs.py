"""Needs: what must be in a store before a document may be: the objects and actions that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..digest import Json
from ..errors import StoreError, bounded
from ..store.layout import DIGEST


@dataclass(frozen=True)
class Needs:
    """artifacts: digests of manifests, which name further objects.  objects: digest -> bytes.  keys: of actions.  runs: ids."""

    artifacts: tuple[str, ...] = ()
    objects: tuple[tuple[str, int | None], ...] = ()
    keys: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


def needs(folder: str, document: Json) -> Needs:
    """What an action (folder `actions`), a run record (`runs`) or an acceptance (`accepts`) names. Raises StoreError for one of no known kind."""
    try:
        return {"runs": _run, "accepts": _accept}.get(folder, _action)(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(f"a document in {folder}/ is of no known kind: {bounded(document)}") from error


def files_of(manifest: Json) -> tuple[tuple[str, int | None], ...]:
    """The objects that a manifest names. Raises StoreError."""
    try:
        return _files(manifest["files"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"a manifest is of no known kind: {bounded(manifest)}") from error


def _action(document: Json) -> Needs:
    if "outputs" in document:  # a step's
        return Needs(artifacts=_digests([*document["outputs"].values(), document["quarantine"]]))
    if "files" in document:  # a mapped item's
        return Needs(objects=_files([*document["files"], *document["quarantine"]]))
    if "findings" in document:  # a row receipt of a fragment
        return Needs(objects=tuple((digest, None) for digest in _digests([document["of"]])))
    if "remembered" in document:  # facts of earlier runs
        return Needs()
    return Needs(artifacts=_digests([document["of"], document.get("failing")]))  # a receipt


def _run(document: Json) -> Needs:
    steps = document["steps"]
    return Needs(
        artifacts=_digests(digest for step in steps for digest in (*step["outputs"].values(), step["quarantine"])),
        keys=_digests(step["key"] or None for step in steps),
    )


def _accept(document: Json) -> Needs:
    if not isinstance(document["run_id"], str):
        raise TypeError("no run id")
    return Needs(runs=(document["run_id"],))


def _files(entries: Iterable[Json]) -> tuple[tuple[str, int | None], ...]:
    return tuple((_digests([entry["digest"]])[0], int(entry["bytes"])) for entry in entries)


def _digests(names: Iterable[str | None]) -> tuple[str, ...]:
    found = tuple(name for name in names if name is not None)
    if not all(DIGEST.fullmatch(name) for name in found):
        raise ValueError("no digest")
    return found
