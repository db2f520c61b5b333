"""Key: everything an output depends on, as named parts; and the one line that says why two keys differ."""

from __future__ import annotations

import platform
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from .check import Check
from .digest import Json, digest_json
from .errors import BrickwiseWarning, UsageError, bounded
from .fingerprint.follow import fingerprint
from .pipeline import Pipeline
from .settings import classes, config
from .stage import Ports, Stage, origin, ports
from .table import Table

FORMAT = 3  # raise it when the framework's own change alters what a step writes

Parts = dict[str, Json]
News = Callable[[str, str], str]
_JUDGING = ("judge", "judge_each", "by_row", "whole", "receipt", "conclude", "outside", "failing")
_seen: dict[str, Json] = {}  # a check's config -> what it saw outside
_SHOWN = 3  # changes of sources told one by one
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)


def step_parts(pipeline: Pipeline, name: str, inputs: Mapping[str, Mapping[str, str]], repairs: Json = None) -> Parts:
    """The parts of a step's key.

    inputs: port -> {step.port that feeds it: digest}.  repairs: see repairs.py; no part where there are none.  Raises UsageError for an
    unreadable source or a package that is not installed.
    """
    stage, found = pipeline.steps[name].stage, pipeline.ports[name]
    return {
        "format": FORMAT,
        "code": _stage_code(stage, found),
        "config": config(stage),
        "outside": (outside := dict(stage.outside())),
        "inputs": {port: dict(feeds) for port, feeds in inputs.items()},
        "order": _orders({**inputs, "outside": outside}),
        "packages": versions(_packages(stage)),
        **({"repairs": {**repairs, **_derived(pipeline, name)}} if repairs else {}),
    }


def _derived(pipeline: Pipeline, name: str) -> dict[str, Json]:
    """What computes columns of repaired rows anew: code and config of a step above, of which the inputs say nothing."""
    found = [[dict(_code(tuple(classes(stage)), ("derive",))), config(stage)] for stage in pipeline.derivers(name)]
    return {"derived": digest_json(found)} if found else {}


def stage_code(stage: Stage) -> str:
    """The digest of all code that a stage can reach."""
    return digest_json(_stage_code(stage, ports(stage)))


def _stage_code(stage: Stage, found: Ports) -> dict[str, str]:
    return dict(_code((*classes(stage), *_records(found)), ("run", "map", "sift", "columns", "outside")))


def check_parts(check: Check, artifact: str, before: str = "", earlier: Sequence[Json] = ()) -> Parts:
    """The parts of a receipt's key: the check, and the digest of the artifact it looks at.

    before: the digest of the champion's artifact, of a check that compares; empty where there is none or it is the same.
    earlier: what is remembered of earlier runs, of a check that does.
    """
    return {
        "format": FORMAT,
        "code": dict(_code(tuple(classes(check)), _JUDGING)),
        "config": config(check),
        "outside": _outside(check),
        "artifact": artifact,
        "before": before,
        "packages": versions(_packages(check)),
        **({"earlier": digest_json(list(earlier))} if check.remembers else {}),
    }


def diff_parts(stage: Stage, before: Mapping[str, Json], after: Mapping[str, Json]) -> Parts:
    """The parts of the key of what a stage says of two runs. before, after: port -> {step.port that feeds it: digest}."""
    return {
        "format": FORMAT,
        "code": dict(_code(tuple(classes(stage)), ("diff",))),
        "config": config(stage),
        "before": before,
        "after": after,
        "order": _orders({**before, **{f"after {port}": feeds for port, feeds in after.items()}}),
        "packages": versions(_packages(stage)),
    }


def look_outside_again() -> None:
    """Forget what checks saw outside: asked once a run, when it is planned, so that no receipt expires while the run goes on."""
    _seen.clear()


def _outside(check: Check) -> Json:
    name = digest_json(config(check))
    if name not in _seen:
        _seen[name] = dict(check.outside())
    return _seen[name]


def key(parts: Parts) -> str:
    """The name of an action: the digest of its parts."""
    return digest_json(parts)


def why(old: Parts | None, new: Parts, news: News = lambda before, after: "") -> str:
    """What changed between two keys of one step, in one line: config (another class brings other code), code, source, packages, inputs.

    news: what is new in an input, of its digests before and after, in words; nothing where it cannot tell.
    """
    if old is None:
        return "never run"
    changes = list(_differences(old, new, news))
    return "; ".join(changes) or "nothing changed"


def _packages(configured: Stage | Check) -> tuple[str, ...]:
    """What a stage or check declares, and what each model in its config declares beside that."""
    return tuple(dict.fromkeys(name for kind in classes(configured) for name in getattr(kind, "packages", ())))


@cache
def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions of distributions, and of Python.

    Raises UsageError for one that is not installed; of "name?", which only some configs need, that is its version.
    """
    return {
        "python": platform.python_version().rpartition(".")[0],
        **{package.rstrip("?"): _version(package) for package in packages},
    }


@cache
def _version(package: str) -> str:
    """Read off the line of the metadata: `importlib.metadata.version` parses the whole as an e-mail, which takes 8 times as long."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(package.rstrip("?"))
    except PackageNotFoundError:
        if package.endswith("?"):
            return "not installed"
        raise UsageError(f"package {package!r} is not installed; pip install {package}") from None
    line = _VERSION.search(found.read_text("METADATA") or "")
    return line[1] if line else found.version


@cache
def _code(roots: tuple[type, ...], entries: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    declared = [kind for root in roots for kind in root.__mro__ if kind not in (Stage, Check) and "reaches" in vars(kind)]
    found = fingerprint(roots, entries, tuple(reached for kind in declared for reached in vars(kind)["reaches"]))
    if found.unfollowed and not declared:
        _warn(origin(roots[0]).__qualname__, found.unfollowed)
    return tuple(found.code.items())


@cache
def _warn(name: str, unfollowed: tuple[str, ...]) -> None:
    """Say once what the fingerprint of a stage or check cannot follow."""
    listed = ", ".join(unfollowed[:3]) + (f" and {len(unfollowed) - 3} more" if len(unfollowed) > 3 else "")
    warnings.warn(
        f"{name} looks up code that cannot be followed, so that its edits would go unseen: {listed}; name what it may find in "
        f"the class, `reaches = (a_function, a_module, ...)`, or say `reaches = ()` where it finds no code",
        BrickwiseWarning,
        stacklevel=2,
    )


def _orders(found: Mapping[str, Mapping[str, Json]]) -> dict[str, list[str]]:
    """The order of what feeds a port and of what is outside, where it is not that of the names: JSON forgets it."""
    return {name: list(given) for name, given in found.items() if list(given) != sorted(given)}


def _records(found: Ports) -> tuple[type, ...]:
    ports = (*found.inputs.values(), *found.outputs.values())
    return tuple(port.record for port in ports if port.kind is Table)


def _differences(old: Parts, new: Parts, news: News) -> Iterable[str]:
    if old["format"] != new["format"]:
        yield f"brickwise: key format {old['format']} -> {new['format']}"
    yield from (config := list(_values("config", old["config"], new["config"])))
    swapped = any(".class " in change or change.startswith("config: class ") for change in config)
    for name in sorted(old["code"].keys() | new["code"].keys()):
        if swapped and (name not in old["code"] or name not in new["code"]):
            continue  # another class in the config brings its code along
        if old["code"].get(name) != new["code"].get(name):
            change = " (new)" if name not in old["code"] else " (gone)" if name not in new["code"] else ""
            yield f"code: {name}{change}"
    yield from _sources(old["outside"], new["outside"])
    yield from _values("order", old.get("order", {}), new["order"])
    yield from _values("package", old["packages"], new["packages"])
    if old.get("repairs") != new.get("repairs"):
        yield f"repairs: {(new.get('repairs') or {}).get('count', 0)} rows put right"
    before, after = old["inputs"], new["inputs"]
    for port in sorted(before.keys() | after.keys()):
        if before.get(port) != after.get(port):
            yield f"input {port}: {_feeds(before.get(port, {}), after.get(port, {}), news)}"


def _values(word: str, old: Json, new: Json) -> Iterable[str]:
    before, after = _flat(old), _flat(new)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{word}: {name} {_shown(before, name)} -> {_shown(after, name)}"


def _sources(old: Json, new: Json) -> Iterable[str]:
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    if len(changed) > _SHOWN:
        yield f"source: {len(changed)} of {len(old.keys() | new.keys())} changed, such as {bounded(changed[0], 40)}"
        return
    for name in changed:
        if all(isinstance(found.get(name, ""), str) and len(found.get(name, "")) in (0, 64) for found in (old, new)):
            yield f"source: {name} {'is new' if name not in old else 'is gone' if name not in new else 'changed'}"
        else:
            yield from _values("source", {name: old[name]} if name in old else {}, {name: new[name]} if name in new else {})


def _flat(document: Json, path: str = "") -> dict[str, Json]:
    if isinstance(document, Mapping) and (document or not path):
        flat: dict[str, Json] = {}
        for name, value in document.items():
            flat |= _flat(value, f"{path}.{name}" if path else str(name))
        return flat
    return {path: document}


def _shown(values: Mapping[str, Json], name: str) -> str:
    return bounded(values[name], 40) if name in values else "absent"


def _feeds(old: Mapping[str, str], new: Mapping[str, str], news: News) -> str:
    changed = [name for name in new if name in old and old[name] != new[name]]
    if len(new) == 1 and changed and (said := news(old[changed[0]], new[changed[0]])):
        return said
    told = [f"{name}: {said}" if (said := news(old[name], new[name])) else f"{name} changed" for name in changed]
    wired = [f"{name} is new" for name in new if name not in old] + [f"{name} is gone" for name in old if name not in new]
    return ", ".join([*told, *wired])


__all__ = ["FORMAT", "Parts", "Stage", "check_parts", "diff_parts", "key", "stage_code", "step_parts", "versions", "why"]
