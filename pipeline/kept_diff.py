"""Kept diffs: what a stage says of two runs is worked out once, when the later one ends, and read wherever it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from .digest import Json
from .key import diff_parts, key
from .stage import Stage
from .store.local import LocalStore

Feeds = Mapping[str, Mapping[str, str]]  # port -> {step.port that feeds it: digest}


def kept_diff(store: LocalStore, stage: Stage, before: Feeds, after: Feeds, ask: Callable[[], Json]) -> Json:
    """What `ask` gives, asked only where nothing is kept of these outputs by this stage, its config, its code and its packages.

    It is recorded as a receipt is, so that `gc` keeps it while it keeps what the later run made, and `push` sends both.
    """
    name = key(diff_parts(stage, before, after))
    known = store.action(name)
    if known is None:
        found = ask()
        try:  # as text: a document in the store has its names sorted, and the order of models and metrics says something
            text = json.dumps(found, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            return found  # no JSON, so that it cannot be kept
        first = next(digest for feeds in after.values() for digest in feeds.values())
        known = {"of": first, "diff": text}
        store.record_action(name, known, flushed=False)
    return json.loads(known["diff"])
