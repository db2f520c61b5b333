"""Gates, judged on the bounds of intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import Gate, GateOutcome
from pipeline.errors import suggest

from .pairing import Pairing, pairings
from .slices import slice_names

if TYPE_CHECKING:
    from .stage import Compare


_ALL = "all slices"  # of an evaluation that has none


def judge(
    config: Compare, gates: Sequence[Gate], before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> list[GateOutcome]:
    """As `Compare.judge`."""
    asks_margin = before is not None and any(gate.margin is not None for gate in gates)
    pairs = dict(pairings(config, before, after)) if asks_margin and before is not None else {}
    found: list[GateOutcome] = []
    for gate in gates:
        model = gate.model or config.model
        if gate.floor is not None:
            found += _floors(gate, model, after["evaluation"].facts)
        if gate.margin is not None and before is not None:
            found += _margins(gate, model, pairs, before["evaluation"].facts, after["evaluation"].facts)
    return found


def _floors(gate: Gate, model: str, facts: Mapping[str, Any]) -> Iterator[GateOutcome]:
    """The end of a metric's own interval that is on the bad side."""
    required = float(gate.floor or 0.0)
    slices = {one["name"]: one for one in facts.get("details", {}).get(model, {}).get("slices", ())}
    whole = (facts.get("seeds", {}).get(model) or {}).get("metrics") or facts["metrics"].get(model)
    if whole is None:
        yield _not(gate, model, "", required, f"model {model!r} was not evaluated; {suggest(model, facts['metrics'])}")
        return
    for name in _asked(gate, slices):
        if name == _ALL and name not in slices:
            yield _not(gate, model, name, required, _no_slices(model, facts))
            continue
        measured = (whole if not name else slices.get(name, {}).get("metrics", {})).get(gate.metric)
        n = facts["n"] if not name else slices.get(name, {}).get("n", 0)
        if measured is None or measured["status"] != "ok" or n < gate.min_rows:
            yield _not(gate, model, name, required, _why(gate, name, n, measured, whole), n)
            continue
        higher = measured["higher"]
        bound = measured["low"] if higher else measured["high"]
        yield _outcome(gate, model, name, n, bound, required, least=higher)


def _margins(
    gate: Gate, model: str, pairs: Mapping[str, Pairing], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[GateOutcome]:
    """The lower end of the gain over the champion."""
    required = float(gate.margin or 0.0)
    pairing = pairs.get(model)
    if pairing is None:
        known = [name for name in after["metrics"] if name in before["metrics"]]
        reason = (
            "too few test rows are in both runs"
            if model in known
            else f"model {model!r} is not in both runs; {suggest(model, known)}"
        )
        yield _not(gate, model, "", required, reason)
        return
    if gate.metric in pairing.unlike:
        yield _not(
            gate, model, "", required, f"metric {gate.metric!r} is not in both runs, or is defined otherwise in one of them"
        )
        return
    for name in _asked(gate, slice_names(before, after, model, pairing.slices)):
        if name == _ALL and name not in pairing.slices:
            yield _not(gate, model, name, required, _no_slices(model, {}))
            continue
        mask = pairing.slices.get(name, np.zeros(0, bool)) if name else None
        n = len(pairing.after[0].truth) if mask is None else int(mask.sum())
        measured = pairing.differences((gate.metric,), mask).get(gate.metric) if n >= max(1, gate.min_rows) else None
        if measured is None or measured["status"] != "ok":
            known = after["metrics"].get(model) or after["seeds"][model]["metrics"]
            reason = _why(gate, name, n, measured, known) if n else f"no row that both runs have is in {name}"
            yield _not(gate, model, name, required, reason, n)
            continue
        bound = measured["low"] if measured["higher"] else -measured["high"]
        yield _outcome(gate, model, name, n, bound, required, least=True)


def _asked(gate: Gate, known: Iterable[str]) -> list[str]:
    """The slices that a gate asks, with the whole first, as an empty name."""
    if gate.slices == "none":
        return [""]
    return ["", *(list(known) or (_ALL,) if gate.slices == "all" else gate.slices)]


def _no_slices(model: str, facts: Mapping[str, Any]) -> str:
    members = (facts.get("seeds") or {}).get(model, {}).get("models")
    if members:
        return f"slices are measured model by model, and {model} is several; gate one of {', '.join(members)}"
    return f"the evaluation of {model} has no slices; name columns in Evaluate(slices=...)"


def _why(gate: Gate, name: str, n: int, measured: Mapping[str, Any] | None, known: Any) -> str:
    if measured is not None and measured.get("reason"):
        return str(measured["reason"])
    if n < gate.min_rows:
        return f"{n} rows, fewer than {gate.min_rows}" if n else f"no row is in {name or 'the test set'}"
    if not name and gate.metric not in known:
        return f"no metric {gate.metric!r} here; {suggest(gate.metric, list(known))}"
    return "not measured by slice" if name else "not measured"


def _not(gate: Gate, model: str, name: str, required: float, reason: str, n: int = 0) -> GateOutcome:
    return GateOutcome(
        gate=str(gate),
        metric=gate.metric,
        model=model,
        slice=name,
        n=n,
        required=required,
        status="not evaluated",
        reason=reason,
    )


def _outcome(gate: Gate, model: str, name: str, n: int, bound: float, required: float, *, least: bool) -> GateOutcome:
    passed = bound >= required if least else bound <= required
    return GateOutcome(
        gate=str(gate), metric=gate.metric, model=model, slice=name, n=n, bound=bound, required=required,
        direction="at least" if least else "at most", status="passed" if passed else "failed",
    )  # fmt: skip
