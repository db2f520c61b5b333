"""The steps as a small drawing: each below those it reads, with lines between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .subject import ShownStep

_WIDE, _HIGH, _ASIDE, _BELOW, _EDGE = 132, 30, 14, 22, 4


@dataclass(frozen=True)
class Node:
    """x, y: of the upper left corner, in pixels."""

    step: ShownStep
    x: int
    y: int
    wide: int = _WIDE
    high: int = _HIGH


@dataclass(frozen=True)
class Drawing:
    """lines: `d` of a path each."""

    nodes: tuple[Node, ...]
    lines: tuple[str, ...]
    wide: int
    high: int


def drawing(steps: Sequence[ShownStep]) -> Drawing:
    """Rows by depth, which is one more than that of the deepest step read; in a row the order of the steps."""
    depth: dict[str, int] = {}
    for step in steps:
        depth[step.name] = 1 + max((depth[above] for above in step.reads if above in depth), default=-1)
    ranks: dict[int, list[ShownStep]] = {}
    for step in steps:
        ranks.setdefault(depth[step.name], []).append(step)
    lefts = _places(ranks)
    most_left = min(lefts.values())
    nodes = {
        step.name: Node(step, _EDGE + lefts[step.name] - most_left, _EDGE + level * (_HIGH + _BELOW))
        for level, rank in ranks.items()
        for step in rank
    }
    wide = max(node.x for node in nodes.values()) + _WIDE + _EDGE
    lines = [_line(nodes[above], nodes[step.name]) for step in steps for above in step.reads if above in nodes]
    return Drawing(tuple(nodes.values()), tuple(lines), wide, 2 * _EDGE + len(ranks) * (_HIGH + _BELOW) - _BELOW)


def _places(ranks: Mapping[int, Sequence[ShownStep]]) -> dict[str, int]:
    """Where each step begins: below the middle of those it reads, as far as its neighbours leave room."""
    places: dict[str, int] = {}
    for _, rank in sorted(ranks.items()):
        above = [[places[name] for name in step.reads if name in places] for step in rank]
        wanted = [sum(found) // len(found) if found else 0 for found in above]
        placed: list[int] = []
        for wish in wanted:
            placed.append(max(wish, placed[-1] + _WIDE + _ASIDE) if placed else wish)
        shift = sum(got - wish for got, wish in zip(placed, wanted, strict=True)) // len(rank)
        places |= {step.name: place - shift for step, place in zip(rank, placed, strict=True)}
    return places


def _line(above: Node, below: Node) -> str:
    x, y = above.x + above.wide // 2, above.y + above.high
    to_x, to_y = below.x + below.wide // 2, below.y
    return f"M{x},{y} C{x},{y + _BELOW} {to_x},{to_y - _BELOW} {to_x},{to_y}"
