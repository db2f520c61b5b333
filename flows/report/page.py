"""All that a report shows, as plain data: each part by itself, so that what one lacks does not take the others along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pipeline import DamagedError, LocalStore, UsageError
from pipeline.compare import changes
from pipeline.digest import Json
from pipeline.errors import bounded
from pipeline.gate import GateOutcome
from pipeline.record import RunRecord

from ..accept import accepted, accepted_lines
from ..deltas import Moved, moved
from ..evaluation import evaluation_document
from ..pages.gather import tally_of
from ..pages.subject import Subject, subject
from . import models, slices
from .axis import Axis
from .difference import difference
from .estimates import estimate, number
from .predictions import Predictions
from .reading import predictions
from .rowtexts import row_texts
from .seeds import declared_seeds, seeds
from .source import Source, source, table, training
from .verdict import Delta, Verdict, deltas, verdict

SHAPE = (KeyError, TypeError, ValueError, AttributeError, IndexError)  # of facts in another shape than ours


class Part(NamedTuple):
    """found: what is shown, None where there is nothing.  why: a line on what is missing; empty where nobody misses it."""

    found: Any = None
    why: str = ""


@dataclass(frozen=True)
class Page:
    """One report. earlier: the run it is held against."""

    record: RunRecord
    earlier: RunRecord | None
    source: Source
    subject: Subject
    verdict: Verdict
    facts: Json
    gates: tuple[GateOutcome, ...]
    changed: Part
    comparable: Part
    deltas: dict[str, list[tuple[Delta, Axis | None]]]
    parts: Mapping[str, Part]
    judged: list[Any] = field(default_factory=list)
    accepted: tuple[str, ...] = ()  # a line each time that a person accepted the run, with the reason

    @property
    def model(self) -> str:
        """The one that the run is judged by."""
        return self.source.model

    @property
    def whole(self) -> bool:
        """Whether every step finished: no other run is held to gates."""
        return all(step.status in ("ran", "reused") for step in self.record.steps)

    @property
    def drift(self) -> dict[str, list[Any]]:
        """step -> what its checks for drift found."""
        found: dict[str, list[Any]] = {}
        for step, one in self.judged:
            if "drift" in one.check:
                found.setdefault(step.name, []).append(one)
        return found

    def part(self, name: str) -> Part:
        """One part; an empty one where it was never made."""
        return self.parts.get(name, Part())


def page(store: LocalStore, record: RunRecord, earlier: RunRecord | None, gone: str) -> Page:
    """Look everything up."""
    now, was = source(store, record), source(store, earlier) if earlier else None
    told, facts = difference(store, record, earlier, gone)
    found = deltas(facts, told)
    headline = facts.get("headline") or {}
    model, metric = str(headline.get("model") or now.model), str(headline.get("metric") or now.metric)
    margin = number(headline.get("margin", now.judged.get("margin")))
    own = now.metrics.get(model, {}).get(metric)
    shown = subject(store, str(record.run_id))
    rows = _part(lambda: _predictions(store, now, was), "predictions")
    return Page(
        record=record,
        earlier=earlier,
        source=now,
        subject=shown,
        verdict=verdict(found, told, facts, model, metric, margin, estimate(metric, own) if own is not None else None),
        facts=facts,
        gates=record.gates,
        changed=_part(lambda: _changed(store, earlier, record), "keys"),
        comparable=_part(lambda: facts.get("comparable") or None, "comparison"),
        deltas=_by_model(found, model),
        judged=[(step, one) for step in shown.steps for one in tally_of(step)],
        accepted=tuple(accepted_lines(accepted(store, record))),
        parts={
            "ladder": _part(lambda: models.ladder(now, metric), "ladder"),
            "seeds": _part(lambda: seeds(now, metric, facts), "seeds"),
            "figures": _part(lambda: _figures(facts, model), "calibration, size and latency"),
            "identity": _part(lambda: evaluation_document(store, record, now.step) if now.step else None, "identity"),
            "declared": _part(lambda: declared_seeds(shown.steps), "seeds"),
            "data": _part(lambda: _data(store, now), "data profile"),
            "classes": _part(lambda: models.per_class(now, was), "metrics per class"),
            "confusion": _part(lambda: models.confusion(now), "confusion"),
            "calibration": _part(lambda: models.calibration(now), "calibration"),
            "selective": _part(lambda: now.details(now.model).get("selective"), "selective prediction"),
            "slices": _part(lambda: slices.slices(now, metric, facts), "slices"),
            "weakest": _part(lambda: slices.weakest(now), "weakest slices"),
            "training": _part(lambda: _training(store, record), "training log"),
            "predictions": rows,
            "suspects": _part(lambda: models.suspects(now), "suspected labels"),
            "behaviour": _part(lambda: models.behaviour(now), "behaviour tests"),
        },
    )


def _part(make: Callable[[], Any], name: str) -> Part:
    try:
        found = make()
    except (DamagedError, UsageError) as error:
        return Part(why=f"Not shown: {bounded(str(error), 300)}.")
    except SHAPE as error:
        return Part(
            why=f"Not shown: the facts of the {name} are not of the shape that this report reads ({bounded(str(error), 120)})."
        )
    return Part(found)


def _by_model(found: Sequence[Delta], first: str) -> dict[str, list[tuple[Delta, Axis | None]]]:
    by: dict[str, list[tuple[Delta, Axis | None]]] = {}
    for one in sorted(found, key=lambda one: one.model != first):
        by.setdefault(one.model, []).append((one, models.delta_axis(one)))
    return by


def _figures(facts: Json, first: str) -> dict[str, list[Moved]]:
    by: dict[str, list[Moved]] = {}
    for one in sorted(moved(facts.get("models") or {}), key=lambda one: one.model != first):
        by.setdefault(one.model, []).append(one)
    return by


def _changed(store: LocalStore, earlier: RunRecord | None, record: RunRecord) -> dict[str, list[str]]:
    return {step: line.split("; ") for step, line in changes(store, earlier, record).items()} if earlier else {}


def _data(store: LocalStore, now: Source) -> Any:
    from stages.profile import kept_profile

    return kept_profile(store, table(store, now.data)) if now.data else None


def _training(store: LocalStore, record: RunRecord) -> Any:
    return [(step, dict(log.facts)) for step, log in training(store, record.steps) if log.facts.get("epochs")]


def _predictions(store: LocalStore, now: Source, was: Source | None) -> Predictions | None:
    if not now.rows:
        return None
    after, before = table(store, now.rows).read(), None
    if was is not None and was.rows and was.rows != now.rows:
        try:
            before = table(store, was.rows).read()
        except DamagedError:
            before = None  # the earlier run's rows may be gone; the later one's are shown all the same
    first = after["id"].combine_chunks().unique()
    try:
        said = row_texts(table(store, now.data), first) if now.data else {}
    except DamagedError:
        said = {}
    found = predictions(after, before, now.models, now.facts, said, now.model)
    ids = [str(one["id"]) for one in (now.facts.get("suspects") or {}).get("rows", ())]
    return replace(found, suspects=ids)
