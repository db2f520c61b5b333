"""The steps as a small drawing: each below those it reads, with lines between them."""

from __future__ import annotations

from collections.abc import Sequence
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
    widest = max(len(rank) for rank in ranks.values())
    wide = widest * (_WIDE + _ASIDE) - _ASIDE + 2 * _EDGE
    nodes = {}
    for level, rank in ranks.items():
        left = (wide - (len(rank) * (_WIDE + _ASIDE) - _ASIDE)) // 2
        for position, step in enumerate(rank):
            nodes[step.name] = Node(step, left + position * (_WIDE + _ASIDE), _EDGE + level * (_HIGH + _BELOW))
    lines = [_line(nodes[above], nodes[step.name]) for step in steps for above in step.reads if above in nodes]
    return Drawing(tuple(nodes.values()), tuple(lines), wide, 2 * _EDGE + len(ranks) * (_HIGH + _BELOW) - _BELOW)


def _line(above: Node, below: Node) -> str:
    x, y = above.x + above.wide // 2, above.y + above.high
    to_x, to_y = below.x + below.wide // 2, below.y
    return f"M{x},{y} C{x},{y + _BELOW} {to_x},{to_y - _BELOW} {to_x},{to_y}"
