"""The evaluation document: what an Evaluation says, with what only its run and its store know.

`docs/evaluation.md` describes it field by field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline import DamagedError, Evaluation, LocalStore, UsageError
from pipeline.accept import what_is_gone
from pipeline.digest import Json, digest_json
from pipeline.errors import bounded, suggest
from pipeline.latency import latencies, reports
from pipeline.publish import manifest
from pipeline.record import Outcome, RunRecord

_FINDINGS = 10  # of a receipt, told in words


def evaluations(store: LocalStore, record: RunRecord) -> list[str]:
    """The steps of a run that made an Evaluation which is still there."""
    return [step.name for step in record.steps if evaluation_of(store, step) is not None]


def evaluation_of(store: LocalStore, step: Outcome) -> str | None:
    """The digest of the Evaluation that a step made, as long as it is there."""
    return next((digest for digest in step.outputs.values() if _manifest(store, digest)["kind"] == Evaluation.__name__), None)


def evaluation_document(store: LocalStore, record: RunRecord, name: str) -> dict[str, Json]:
    """The facts of the Evaluation of a step, with `identity`, and with more in `data` and in `model`.

    Raises UsageError for a step that the run does not have, that made no Evaluation, or whose Evaluation was collected.
    """
    step = record.step(name)
    if step is None:
        raise UsageError(f"run {record.run_id} has no step {name!r}; {suggest(name, [s.name for s in record.steps])}")
    for line in what_is_gone(store, record, name):
        raise UsageError(line)
    digest = evaluation_of(store, step)
    if digest is None:
        found = ", ".join(evaluations(store, record)) or "none"
        raise UsageError(f"step {name!r} of run {record.run_id} made no evaluation; those that did: {found}")
    facts: dict[str, Json] = manifest(store, digest)["facts"]
    parts = parts_above(store, record, name)
    made = _made(store, record)
    return facts | {
        "identity": _identity(store, record, step, parts, made) | {"evaluation": digest},
        "data": facts.get("data", {}) | _data(store, record, step, parts, facts),
        "model": _models(store, record, facts, made),
    }


def parts_above(store: LocalStore, record: RunRecord, name: str) -> dict[str, dict[str, Json]]:
    """step -> the parts of its key, of a step and of all above it, in the order of the run; one whose action is gone is left out."""
    wanted, found = [name], dict[str, dict[str, Json]]()
    for one in wanted:  # it grows
        step = record.step(one)
        action = store.action(step.key) if step is not None and step.key else None
        if action is not None:
            found[one] = action["parts"]
            above = (feed.partition(".")[0] for feeds in action["parts"]["inputs"].values() for feed in feeds)
            wanted += [up for up in dict.fromkeys(above) if up not in wanted]
    return {step.name: found[step.name] for step in record.steps if step.name in found}


def _identity(
    store: LocalStore, record: RunRecord, step: Outcome, parts: Mapping[str, Json], made: Mapping[str, tuple[str, float]]
) -> dict[str, Json]:
    """Whose evaluation it is: which run, of which data, code, config and packages, where, and how long it took."""
    packages = {name: version for one in parts.values() for name, version in one["packages"].items()}
    steps = [one for one in record.steps if one.name in parts]
    inputs = parts[step.name]["inputs"] if step.name in parts else {}
    return {
        "run_id": record.run_id,
        "pipeline": record.pipeline,
        "step": step.name,
        "started": record.started,
        "settings": list(record.settings),
        "data": next(iter(inputs.get("rows", {}).values()), None),
        "models": {feed.partition(".")[0]: digest for feed, digest in inputs.get("models", {}).items()},
        "code": digest_json({name: one["code"] for name, one in parts.items()}) if parts else None,
        "config": digest_json({name: one["config"] for name, one in parts.items()}) if parts else None,
        "lock": digest_json(packages) if parts else None,
        "packages": packages,
        "hardware": dict(record.environment)
        | next((dict(found["machine"]) for found in reports(store, record.steps, "speed")), {}),
        "seconds": {one.name: made[one.name][1] if one.name in made else None for one in steps},
        "made_in": {one.name: made[one.name][0] for one in steps if one.name in made and made[one.name][0] != record.run_id},
    }


def _data(
    store: LocalStore, record: RunRecord, step: Outcome, parts: Mapping[str, Json], facts: Mapping[str, Json]
) -> dict[str, Json]:
    """How the rows were split, what was checked of them, and how often the test rows have been used."""
    above = [one for one in record.steps if one.name in parts and one.name != step.name]
    return {
        "split": _split(store, above, parts),
        "receipts": [told for one in above for told in _receipts(one)],
        "times_used": _times_used(store, step, facts.get("data", {}).get("rows")),
    }


def _split(store: LocalStore, steps: Iterable[Outcome], parts: Mapping[str, Json]) -> dict[str, Json] | None:
    """The step whose rows have the column `split` first, and its config."""
    for step in steps:
        if any("split" in _manifest(store, digest)["facts"].get("columns", {}) for digest in step.outputs.values()):
            return {"step": step.name, "config": parts[step.name]["config"]}
    return None


def _receipts(step: Outcome) -> Iterator[dict[str, Json]]:
    for receipt in step.receipts:
        missed = [finding for finding in receipt.findings if not finding.passed]
        reason = step.overridden.get(f"{step.name}.{receipt.check}")
        outcome = "failed" if not receipt.passed else "warned" if missed else "passed"
        yield {
            "step": step.name,
            "check": receipt.check,
            "outcome": outcome if reason is None else "overridden",
            "why": reason or "",
            "artifact": receipt.artifact,
            "rules": len(receipt.findings),
            "findings": [bounded(str(finding), 300) for finding in missed[:_FINDINGS]],
        }


def _times_used(store: LocalStore, step: Outcome, rows: str | None) -> int | None:
    """How many different evaluations of this store's runs measured these test rows; None where this one does not say which they are.

    Looked for where evaluations lie: in the port of that name, and in the one that this step has it in.  What was collected cannot be
    told and does not count.
    """
    if rows is None:
        return None
    ports = {Evaluation.port, *(port for port, digest in step.outputs.items() if digest == evaluation_of(store, step))}
    seen = {
        digest
        for run in store.runs()
        for one in run["steps"]
        for port, digest in one["outputs"].items()
        if port in ports
    }  # fmt: skip
    measured = [_manifest(store, digest)["facts"].get("data", {}).get("rows") for digest in seen]
    return measured.count(rows)


def _models(
    store: LocalStore, record: RunRecord, facts: Mapping[str, Json], made: Mapping[str, tuple[str, float]]
) -> dict[str, Json]:
    """What each model is, how long its step took, and how fast it answers where the run has measured it."""
    found: dict[str, Any] = {}
    timed = latencies(store, record.steps)
    for name in facts.get("models", ()):
        seconds = made[name][1] if name in made else None
        found[name] = facts.get("model", {}).get(name, {}) | {"training_seconds": seconds, "latency": timed.get(name)}
    return found


def _made(store: LocalStore, record: RunRecord) -> dict[str, tuple[str, float]]:
    """step -> the run that made what this run has of it, and how long that took there; the newest that is no later than this run."""
    found = {step.name: (str(record.run_id), step.seconds) for step in record.steps if step.status in ("ran", "blocked")}
    wanted = {step.key: step.name for step in record.steps if step.key and step.name not in found}
    for run in store.runs(record.pipeline):
        if not wanted:
            break
        for step in run["steps"]:
            if step["status"] == "ran" and step["key"] in wanted and run["run_id"] < str(record.run_id):
                found[wanted.pop(step["key"])] = (run["run_id"], step["seconds"])
    return found


def _manifest(store: LocalStore, digest: str) -> Json:
    """The manifest of an artifact, or an empty one where it is gone or damaged."""
    try:
        return manifest(store, digest) if store.has(digest) else {"kind": "", "facts": {}}
    except DamagedError:
        return {"kind": "", "facts": {}}
