"""Trees as arrays: what LightGBM grew, kept as safetensors and walked with numpy.

LightGBM's own text format holds no code, but a damaged one ends the process that loads it.  T trees of N inner nodes and M leaves:

    roots      [T]  of each tree          feature    [N]  the column that a node asks
    left       [N]  where it goes, right  threshold  [N]  left where the value is at most that
    values     [M]  what a leaf adds      missing    [N]  where NaN goes: LEFT, RIGHT, or as 0 does; SET: a set of categories
    sets     [S, 2] (node, category) that goes left; others and NaN go right

A child below 0 is a leaf: -1 is the first.  Children come behind their node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pipeline import StageError

Array = np.ndarray[Any, Any]

_AS_ZERO, _LEFT, _RIGHT, _SET = range(4)
_KINDS = {
    "roots": "i8",
    "feature": "i8",
    "left": "i8",
    "right": "i8",
    "threshold": "f8",
    "missing": "i8",
    "values": "f8",
    "sets": "i8",
}


def save_trees(dumped: Mapping[str, Any]) -> bytes:
    """From what `Booster.dump_model` gives."""
    found: dict[str, list[Any]] = {name: [] for name in _KINDS}

    def add(node: Mapping[str, Any]) -> int:
        if "split_index" not in node:
            found["values"].append(float(node["leaf_value"]))
            return -len(found["values"])
        place = len(found["feature"])
        is_set = node["decision_type"] == "=="
        found["feature"].append(node["split_feature"])
        found["threshold"].append(0.0 if is_set else node["threshold"])
        missing = _AS_ZERO if node["missing_type"] == "None" else _LEFT if node["default_left"] else _RIGHT
        found["missing"].append(_SET if is_set else missing)
        found["sets"] += [(place, int(category)) for category in node["threshold"].split("||")] if is_set else []
        for side in ("left", "right"):
            found[side].append(0)
        for side in ("left", "right"):
            found[side][place] = add(node[f"{side}_child"])
        return place

    found["roots"] = [add(tree["tree_structure"]) for tree in dumped["tree_info"]]
    arrays = {name: np.asarray(values, _KINDS[name]) for name, values in found.items()}
    return save({**arrays, "sets": arrays["sets"].reshape(-1, 2)})


def load_trees(data: bytes) -> dict[str, Array]:
    """The arrays. Raises StageError for what `save_trees` cannot have written: a walk over others might never end."""
    try:
        trees = load(data)
        nodes = np.arange(len(trees["feature"]))
        sound = (
            set(trees) == set(_KINDS)
            and all(trees[name].dtype == kind for name, kind in _KINDS.items())
            and all(len(trees[name]) == len(nodes) for name in ("left", "right", "threshold", "missing"))
            and trees["sets"].shape[1] == 2
            and all(((some < 0) | (some > nodes)).all() for some in (trees["left"], trees["right"]))
            and all(
                (some < len(nodes)).all() and (some >= -len(trees["values"])).all()
                for some in (trees["left"], trees["right"], trees["roots"])
            )
            and (trees["feature"] >= 0).all()
        )
    except (SafetensorError, KeyError, IndexError, ValueError):
        sound = False
    if not sound:
        raise StageError("the model's trees.safetensors holds no trees; train it again")
    return trees


def scores(trees: Mapping[str, Array], features: Array, outputs: int) -> Array:
    """The sums of the leaves that rows come to: [n, columns] -> [n, outputs]; tree t adds to output t mod outputs."""
    found = np.zeros((len(features), outputs))
    span = max(int(trees["sets"][:, 1].max(initial=0)), 0) + 1
    sets = np.sort(trees["sets"][:, 0] * span + trees["sets"][:, 1])
    for tree, root in enumerate(trees["roots"]):
        place = np.full(len(features), root)
        while (walking := np.flatnonzero(place >= 0)).size:
            nodes = place[walking]
            left = _goes_left(trees, nodes, features[walking, trees["feature"][nodes]], sets, span)
            place[walking] = np.where(left, trees["left"][nodes], trees["right"][nodes])
        found[:, tree % outputs] += trees["values"][-1 - place]
    return found


def _goes_left(trees: Mapping[str, Array], nodes: Array, values: Array, sets: Array, span: int) -> Array:
    missing, empty = trees["missing"][nodes], np.isnan(values)
    numbers = np.where(empty, 0.0, values)
    left = numbers <= trees["threshold"][nodes]
    left = np.where(empty & (missing == _LEFT), True, np.where(empty & (missing == _RIGHT), False, left))
    asks = missing == _SET
    if asks.any():
        known = asks & ~empty & (numbers >= 0) & (numbers < span)
        wanted = nodes * span + numbers.astype("i8")
        inside = (
            sets[np.minimum(np.searchsorted(sets, wanted), len(sets) - 1)] == wanted
            if len(sets)
            else np.zeros(len(nodes), bool)
        )
        left = np.where(asks, known & inside, left)
    return np.asarray(left)
