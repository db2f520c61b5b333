"""Profiles kept: each is made once a table, and stays in the store as long as the table does."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pipeline import LocalStore, Table
from pipeline.digest import Json, canonical, digest_json
from pipeline.fingerprint.follow import fingerprint
from pipeline.key import FORMAT, versions

from .measure import profile

PACKAGES = ("numpy", "pandas", "pyarrow")


def kept_profile(store: LocalStore, table: Table[Any]) -> Json:
    """The profile of a stored table, made now unless it is known. Raises DamagedError.

    It is recorded as a receipt is, under the digest of the table, the code that measures and the versions it measures with; so `gc`
    keeps it while it keeps the table, and `push` sends both.
    """
    parts = {"format": FORMAT, "profile": _code(), "packages": versions(PACKAGES), "artifact": table.digest}
    name = digest_json(parts)
    known = store.action(name)
    if known is not None:
        return known["profile"]
    found: Json = json.loads(canonical(profile(table)))  # as it will be read the next time
    store.record_action(name, {"of": table.digest, "profile": found}, flushed=False)
    return found


@cache
def _code() -> dict[str, str]:
    return dict(fingerprint((), (), (profile,)).code)
