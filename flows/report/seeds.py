"""Seeds: how much a metric varies with the seed of training, beside how much with the choice of test rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..pages.subject import ShownStep
from .estimates import Estimate, estimate, number
from .source import Source


@dataclass(frozen=True)
class Spread:
    """A metric of a group of seeds: its mean and both standard deviations; before: those of the earlier run, None where it has none."""

    name: str
    members: tuple[str, ...]
    metric: str
    found: Estimate
    rows: float | None
    seeds: float | None
    before: tuple[float | None, float | None] | None


def seeds(now: Source, metric: str, facts: Mapping[str, Any]) -> list[Spread]:
    """Of each group of seeds the headline metric, then the other main ones. facts: of the diff."""
    found = []
    for name, group in (now.facts.get("seeds") or {}).items():
        earlier = ((facts.get("models") or {}).get(name) or {}).get("seeds") or {}
        for key in dict.fromkeys((metric, *now.facts.get("main", ()))):
            one = group["metrics"].get(key)
            if one is None:
                continue
            mine = earlier.get("metric") == key
            before = (number(earlier.get("sampling_sd_before")), number(earlier.get("seed_sd_before"))) if mine else None
            members = tuple(map(str, group["models"]))
            found.append(
                Spread(
                    name, members, key, estimate(key, one), number(one.get("sampling_sd")), number(one.get("seed_sd")), before
                )
            )
    return found


def declared_seeds(steps: Iterable[ShownStep]) -> dict[str, dict[str, Any]]:
    """step -> field of its config -> the seed that it says, of steps that say one."""
    found = {step.name: dict(_declared(step.config, "")) for step in steps}
    return {name: given for name, given in found.items() if given}


def _declared(config: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, value in config.items() if isinstance(config, Mapping) else ():
        if isinstance(value, Mapping):
            yield from _declared(value, f"{path}{name}.")
        elif name == "seed":
            yield f"{path}{name}", value
