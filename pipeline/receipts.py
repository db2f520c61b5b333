"""Receipts: each output of a step judged by its checks, row rules on new fragments only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from .artifact import Stored
from .check import Check, Finding, Receipt, merged
from .digest import Json, digest_json
from .errors import BlockedError, BrickwiseError, StageError, StoreError, UsageError
from .key import check_parts, key
from .pipeline import Pipeline
from .publish import load, missing, save_fragment, save_table
from .quarantine import Quarantined, keyed
from .stage import Port
from .store.local import LocalStore
from .table import Table

_ROWS = 262_144  # judged in one go: enough to make little of a check's overhead, few enough for any memory


def require_receipts(pipeline: Pipeline, store: LocalStore, name: str, above: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse inputs without a passing receipt for exactly their digest (law 7). Raises BlockedError."""
    for wires in pipeline.wires[name].values():
        for wire in wires:
            digest = above[wire.step][wire.port]
            for check in pipeline.checks(wire.step, pipeline.ports[wire.step].outputs[wire.port]):
                receipt = find_receipt(store, check, digest, champions(pipeline, store, wire.step, check, digest))
                if receipt is None or not receipt.passed or receipt.artifact != digest:
                    found = "no receipt" if receipt is None else "a failing receipt"
                    raise BlockedError(
                        f"step {name!r} refuses {wire.step}.{wire.port} ({digest[:12]}): check {check.name!r} has {found}, "
                        f"expected a passing one; run with --to {wire.step} to see why"
                    )


def champions(pipeline: Pipeline, store: LocalStore, step: str, check: Check, digest: str) -> str:
    """The digest of what the champion has where a check looks, if the check compares; empty where it has none or the same."""
    champion = store.ref(pipeline.name, "champion") if check.compares else None
    if champion is None:
        return ""
    try:
        steps = store.run(champion)["steps"]
    except (StoreError, UsageError):  # a champion that was lost is as none: the next whole run takes its place
        return ""
    found = next((one["outputs"].get(check.on, "") for one in steps if one["name"] == step), "")
    return "" if found == digest else str(found)


def find_receipt(store: LocalStore, check: Check, artifact: str, before: str = "") -> Receipt | None:
    """The receipt of a check for a digest, or None. before: what `champions` says."""
    action = store.action(key(check_parts(check, artifact, before)))
    return Receipt.model_validate(action["receipt"]) if action else None


def give_receipt(store: LocalStore, check: Check, port: Port, digest: str, before: str = "") -> Receipt:
    """The receipt of a check for a stored artifact, judged now unless it is known. Raises StageError, DamagedError."""
    known = find_receipt(store, check, digest, before)
    if known is not None and (known.failing is None or missing(store, [known.failing]) is None):
        return known
    artifact = load(store, digest, port)
    whole = check.whole()
    try:
        by_row = list(_by_row(store, check, artifact))
        old = load(store, before, port) if before else None
        judged = whole.judged(artifact, old) if whole else ()
        receipt = check.conclude(digest, chain(by_row, judged))
        broken = [finding for finding in receipt.findings if not finding.passed]
        failing = (
            [save_fragment(store, keyed(rows, port.record.key())) for rows in check.failing_against(artifact, broken, old)]
            if broken
            else []
        )
        if failing:
            receipt = receipt.model_copy(update={"failing": save_table(store, Quarantined, failing)})
    except BrickwiseError:
        raise
    except Exception as error:
        raise StageError(f"check {check.name!r} failed to run: {type(error).__name__}: {error}") from error
    document = {"of": digest, "passed": receipt.passed, "receipt": receipt.model_dump(mode="json")}
    store.record_action(key(check_parts(check, digest, before)), document | {"failing": receipt.failing})
    return receipt


def _by_row(store: LocalStore, check: Check, table: Any) -> Iterator[Finding]:
    """The findings of the row rules on a table: those on known fragments are looked up, and kept for the next time."""
    rules = check.by_row()
    if rules is None or not isinstance(table, Table):
        return
    common = key(check_parts(rules, ""))
    store.pin(_name(common, fragment.digest) for fragment in table.fragments)
    found: dict[str, Json] = {}
    new: list[Stored] = []
    for fragment in table.fragments:
        known = store.action(_name(common, fragment.digest))
        if known is None:
            new.append(fragment)
        else:
            found[fragment.digest] = known["findings"]
    for batch in _batches(table, new):
        for fragment, judged in zip(batch, rules.judge_each(list(batch.values())), strict=True):
            found[fragment] = [finding.model_dump(mode="json") for finding in judged]
            store.record_action(_name(common, fragment), {"of": fragment, "findings": found[fragment]}, flushed=False)
    each = [[Finding.model_validate(document) for document in found[f.digest]] for f in table.fragments]
    for findings in zip(*each, strict=True):
        yield merged(findings)


def _name(common: str, fragment: str) -> str:
    return digest_json({"check": common, "fragment": fragment})


def _batches(table: Table[Any], fragments: Iterable[Stored]) -> Iterator[dict[str, Table[Any]]]:
    """Fragments in memory, by digest, some at a time."""
    batch: dict[str, Table[Any]] = {}
    rows = 0
    for fragment in fragments:
        part = Table(table.record, (fragment,)).read()
        batch[fragment.digest] = Table(table.record, (part,), digest=fragment.digest)
        rows += part.num_rows
        if rows >= _ROWS:
            yield batch
            batch, rows = {}, 0
    if batch:
        yield batch
