"""One step, executed: lock, reuse or make, publish, check. Only keys and small JSON go in and out."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import Any

from .digest import Json
from .errors import StoreError
from .key import key
from .make import make
from .making import Making, Outputs
from .pipeline import Pipeline
from .plan import Selection, made_of, parts_of, step_plan, usable
from .progress import Listener, listening
from .receipts import Overrides, asked, give_receipt, require_receipts
from .record import Outcome
from .space import require_space
from .store.local import LocalStore
from .workers import Workers
from .workplace import Workplace, working


def execute(
    pipeline: Pipeline,
    store: LocalStore,
    name: str,
    above: Outputs,
    *,
    forced: bool = False,
    overrides: Overrides = MappingProxyType({}),
    listener: Listener | None = None,
    workers: Workers | None = None,
) -> Outcome:
    """Bring one step up to date, and judge what it wrote.

    above: the outputs of every step above it.  overrides: of checks that may fail, see `Selection`.  The outcome is "ran",
    "reused" or "blocked"; a failure is raised, as a StageError unless it is a BrickwiseError already.
    """
    began = time.monotonic()
    with listening(name, listener), store.lease():
        parts = parts_of(pipeline, store, name, above)
        step_key = key(parts)
        require_receipts(pipeline, store, name, above, overrides)
        place = Workplace(store, step_key)
        with store.lock(step_key):
            planned = step_plan(pipeline, store, name, parts, Selection(force=forced, overrides=overrides))
            made = forced or usable(store, step_key) is None
            if made:
                require_space(pipeline, store, name, above)
                place.clear_if_over()
                with working(place):
                    remembered = make(Making(pipeline, store, name, above, parts, forced, workers))
                store.record_action(step_key, {"parts": parts, **remembered})
            place.clear()
            store.set_ref(pipeline.name, f"step-{name}", step_key, flushed=False)
            action = _recorded_now(store, step_key)
            receipts = tuple(give_receipt(store, one) for one in asked(pipeline, store, name, made_of(action)))
    failed = [f"{name}.{receipt.check}" for receipt in receipts if not receipt.passed]
    return Outcome(
        name=name,
        status="blocked" if not overrides.keys() >= set(failed) else "ran" if made else "reused",
        overridden={check: overrides[check] for check in failed if check in overrides},
        why=planned.why,
        seconds=round(time.monotonic() - began, 3),
        key=step_key,
        receipts=receipts,
        **recorded(action),
    )


def _recorded_now(store: LocalStore, step_key: str) -> Json:
    action = store.action(step_key)
    if action is None:
        raise StoreError(f"action {step_key[:12]} vanished from the store while it was used; is somebody deleting it?")
    return action


def recorded(action: Json) -> dict[str, Any]:
    """The part of an outcome that an action remembers."""
    return {name: action[name] for name in ("rows_in", "rows_out", "rows_quarantined", "outputs", "quarantine")}
