"""Receipts: each output of a step judged by its checks, row rules on new fragments only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from .artifact import Stored
from .check import Check, Finding, Receipt, merged
from .digest import Json, digest_json
from .errors import BlockedError, BrickwiseError, DamagedError, StageError, StoreError, UsageError
from .key import check_parts, key
from .limit import QUARANTINE, Sifted
from .memory import Place, earlier, keep
from .pipeline import Pipeline
from .publish import holds, load, manifest, missing, save_fragment, save_table
from .quarantine import Quarantined, keyed
from .stage import Port
from .store.local import LocalStore
from .table import Table

Made = Mapping[str, str]  # port -> digest of what a step made; "quarantine" -> what it turned away
Overrides = Mapping[str, str]  # "step.check" -> why a person lets it pass although it fails

_ROWS = 262_144  # judged in one go: enough to make little of a check's overhead, few enough for any memory


@dataclass(frozen=True)
class Asked:
    """One check of what a step made, or would be asked of it.

    digest: of what it looks at.  of: the artifact that the receipt is kept with.  before: see `_champions`.  place, earlier: of a check that
    remembers, what it remembers and of where.
    """

    check: Check
    port: Port
    digest: str
    of: str
    quarantine: str | None
    before: str
    place: Place | None = None
    earlier: tuple[Json, ...] = ()

    @property
    def key(self) -> str:
        """The receipt's."""
        return key(check_parts(self.check, self.digest, self.before, self.earlier))


def asked(pipeline: Pipeline, store: LocalStore, step: str, made: Made, port: str | None = None) -> Iterator[Asked]:
    """Every check of a step that made these outputs; of one port, with what limits its quarantine.

    made: port -> digest, and "quarantine" where rows were turned away.
    """
    for name, found in pipeline.ports[step].outputs.items():
        if name in made and port in (None, name):
            for check in pipeline.checks(step, found):
                before = _champions(pipeline, store, step, check, made[name])
                place = Place(pipeline.name, step, name, check.remembers) if check.remembers else None
                past = earlier(store, place, made[name]) if place else ()
                yield Asked(check, found, made[name], made[name], None, before, place, past)
            for check in pipeline.limits(step, found):
                away = made.get(QUARANTINE)
                yield Asked(check, found, digest_json([made[name], away]), made[name], away, "")


def refused(store: LocalStore, one: Asked, overrides: Overrides, step: str) -> str:
    """Why what a check looks at must not be used: no receipt, or a failing one that nobody let pass; empty where it may."""
    action = store.action(one.key)
    if action is None or action["receipt"]["artifact"] != one.digest:
        return "no receipt"
    return "" if action["passed"] or f"{step}.{one.check.name}" in overrides else "a failing receipt"


def require_receipts(pipeline: Pipeline, store: LocalStore, name: str, above: Mapping[str, Made], overrides: Overrides) -> None:
    """Refuse inputs without a passing receipt for exactly their digest, or one let pass (law 7). Raises BlockedError."""
    for wires in pipeline.wires[name].values():
        for wire in wires:
            for one in asked(pipeline, store, wire.step, above[wire.step], wire.port):
                found = refused(store, one, overrides, wire.step)
                if found:
                    raise BlockedError(
                        f"step {name!r} refuses {wire.step}.{wire.port} ({one.of[:12]}): check {one.check.name!r} has {found}, "
                        f"expected a passing one; run with --to {wire.step} to see why"
                    )


def find_receipt(store: LocalStore, one: Asked) -> Receipt | None:
    """The receipt of a check, or None."""
    action = store.action(one.key)
    return Receipt.model_validate(action["receipt"]) if action else None


def give_receipt(store: LocalStore, one: Asked) -> Receipt:
    """The receipt of a check of something stored, judged now unless it is known. Raises StageError, DamagedError."""
    known = find_receipt(store, one)
    if known is not None and (known.failing is None or missing(store, [known.failing]) is None):
        return known
    check, artifact = one.check, _subject(store, one)
    whole = check.whole()
    try:
        by_row = list(_by_row(store, check, artifact))
        before = load(store, one.before, one.port) if one.before else None
        judged = whole.judged(artifact, before, one.earlier) if whole else ()
        receipt = check.conclude(one.digest, chain(by_row, judged))
        broken = [finding for finding in receipt.findings if finding.failed or not finding.passed]
        key = one.port.record.key() if one.port.kind is Table else ()
        rows = check.failing(artifact, broken, before) if broken else ()
        failing = [save_fragment(store, keyed(some, key)) for some in rows]
        if failing:
            receipt = receipt.model_copy(update={"failing": save_table(store, Quarantined, failing)})
    except DamagedError as error:
        if one.before and holds(store, one.before, error.digest):
            raise StoreError(
                f"check {check.name!r} compares with the champion's data, and these ({one.before[:12]}) are damaged or lost: {error.why}; "
                f"brickwise accept RUN names another champion"
            ) from error
        raise
    except BrickwiseError:
        raise
    except Exception as error:
        raise StageError(f"check {check.name!r} failed to run: {type(error).__name__}: {error}") from error
    document = {"of": one.of, "passed": receipt.passed, "receipt": receipt.model_dump(mode="json"), "failing": receipt.failing}
    store.record_action(one.key, document)
    if one.place:
        keep(store, one.place)
    return receipt


def _subject(store: LocalStore, one: Asked) -> Any:
    """What a check looks at."""
    if one.digest == one.of:
        return load(store, one.digest, one.port)
    away = load(store, one.quarantine, Port(QUARANTINE, Table, Quarantined)) if one.quarantine else None
    return Sifted(manifest(store, one.of)["facts"]["rows"], away, one.digest)


def _champions(pipeline: Pipeline, store: LocalStore, step: str, check: Check, digest: str) -> str:
    """The digest of what the champion has where a check looks, if the check compares; empty where it has none or the same."""
    champion = store.ref(pipeline.name, "champion") if check.compares else None
    if champion is None:
        return ""
    try:
        steps = store.run(champion)["steps"]
    except (StoreError, UsageError) as error:  # to go on as if there were none would let pass whatever changed
        raise StoreError(
            f"check {check.name!r} of step {step!r} compares with the champion of {pipeline.name}, whose record cannot be read ({error}); "
            f"brickwise accept RUN names another"
        ) from error
    found = next((one["outputs"].get(check.on, "") for one in steps if one["name"] == step), "")
    return "" if found == digest else str(found)


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
