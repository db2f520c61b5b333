"""Which slices two runs are compared on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

LENGTH = "length"  # its slices are quarters, whose bounds follow from the rows


def slice_names(before: Mapping[str, Any], after: Mapping[str, Any], model: str, known: Iterable[str] = ()) -> list[str]:
    """The slices of the later evaluation, then `known` ones, then those that the earlier one alone has rows of.

    before, after: facts.  model: of several seeds the name that they have together.  A value of a column that no row has any more is
    a slice that is empty now, and no reason to be silent; unless the later evaluation does not cut by that column at all.
    """
    old, new = (_slices(facts, model) for facts in (before, after))
    columns = {one.get("column") for one in new} - {LENGTH}
    lost = [one["name"] for one in old if one.get("column") in columns]
    return list(dict.fromkeys([*(one["name"] for one in new), *known, *lost]))


def _slices(facts: Mapping[str, Any], model: str) -> list[Mapping[str, Any]]:
    members = (facts.get("seeds") or {}).get(model, {}).get("models") or [model]
    found = (facts.get("details") or {}).get(members[0], {}).get("slices", ())
    return list(found) if isinstance(found, list) else []
