"""All that the page of one step shows, looked up or measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pipeline import DamagedError, LocalStore, Table
from pipeline.check import Finding
from pipeline.digest import Json
from pipeline.publish import load, manifest
from pipeline.quarantine import Quarantined
from pipeline.stage import Port
from stages.profile import kept_profile

from .rejected import Rejected, rejected
from .subject import ShownStep, file_name
from .words import count, shown, state

_FINDINGS = 300
_FACTS = 60
_ORDER = ("failed", "overridden", "warned", "passed")


@dataclass(frozen=True)
class Judged:
    """A finding with the check it is of."""

    check: str
    finding: Finding
    overridden: bool

    @property
    def state(self) -> str:
        """passed, failed, overridden (it failed, and was let pass) or warned."""
        found = state(self.finding)
        return "overridden" if found == "failed" and self.overridden else found


@dataclass(frozen=True)
class ShownPort:
    """One output of a step. profile: of a table.  facts: (name, value) of anything else.  gone: why it cannot be read."""

    name: str
    kind: str
    digest: str
    profile: Json = None
    facts: tuple[tuple[str, str], ...] = ()
    gone: str = ""


@dataclass(frozen=True)
class StepPage:
    """judged: the findings that are shown, those that failed first; the others are counted in `judged_left_out`.

    failing: of each check, the rows that broke its rules.
    """

    step: ShownStep
    ports: tuple[ShownPort, ...]
    judged: tuple[Judged, ...]
    judged_left_out: int
    tally: dict[str, int]
    quarantine: Rejected | None
    quarantine_gone: str
    failing: tuple[tuple[str, Rejected], ...]
    config: str

    @property
    def file(self) -> str:
        """Where it is written."""
        return self.step.file

    def profile_file(self, port: ShownPort) -> str:
        """Where the profile of an output is written."""
        return f"profile-{file_name(self.step.name)}-{file_name(port.name)}.json"


def gather(store: LocalStore, step: ShownStep) -> StepPage:
    """Look up what is known of a step; a table that has no profile yet gets one."""
    judged = tally_of(step)
    quarantine, gone = None, ""
    if step.quarantine:
        try:
            quarantine = rejected(_table(store, step.quarantine))
        except DamagedError as error:
            gone = str(error)
    return StepPage(
        step=step,
        ports=tuple(_port(store, name, digest) for name, digest in step.outputs),
        judged=tuple(judged[:_FINDINGS]),
        judged_left_out=max(0, len(judged) - _FINDINGS),
        tally={name: sum(one.state == name for one in judged) for name in _ORDER},
        quarantine=quarantine,
        quarantine_gone=gone,
        failing=tuple(_failing(store, step)),
        config=json.dumps(step.config, indent=2, ensure_ascii=False)[:20_000] if step.config else "",
    )


def tally_of(step: ShownStep) -> list[Judged]:
    """Every finding on a step, those that failed first."""
    judged = [Judged(r.check, finding, r.check in step.overridden) for r in step.receipts for finding in r.findings]
    return sorted(judged, key=lambda one: _ORDER.index(one.state))


def _failing(store: LocalStore, step: ShownStep) -> Iterator[tuple[str, Rejected]]:
    """(check, rows that broke its rules), of each receipt that has them still."""
    for receipt in step.receipts:
        if receipt.failing:
            with suppress(DamagedError):
                yield receipt.check, rejected(_table(store, receipt.failing))


def _port(store: LocalStore, name: str, digest: str) -> ShownPort:
    try:
        found = manifest(store, digest)
        if found["kind"] == "Table":
            return ShownPort(name, "Table", digest, profile=kept_profile(store, _table(store, digest)))
        return ShownPort(name, found["kind"], digest, facts=tuple(_facts(found["facts"])))
    except DamagedError as error:
        return ShownPort(name, "", digest, gone=str(error))


def _table(store: LocalStore, digest: str) -> Table[Any]:
    """Any table: a page needs no Record of it."""
    return load(store, digest, Port("rows", Table, Quarantined))  # type: ignore[no-any-return]


def _facts(facts: Json) -> Iterator[tuple[str, str]]:
    flat = list(_flat(facts, ""))
    for name, value in flat[:_FACTS]:
        yield shown(name), shown(f"{value:.4g}" if isinstance(value, float) else value)
    if len(flat) > _FACTS:
        yield "…", f"{count(len(flat) - _FACTS)} more"


def _flat(document: Any, path: str) -> Iterable[tuple[str, Any]]:
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from _flat(value, f"{path}.{name}" if path else str(name))
    else:
        yield path, json.dumps(document, ensure_ascii=False) if isinstance(document, list | dict) else document
