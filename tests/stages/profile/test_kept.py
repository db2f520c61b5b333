from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline import LocalStore, Pipeline, Stage, Step, Table
from pipeline.publish import load
from pipeline.sharing.pull import pull
from pipeline.sharing.push import push
from pipeline.stage import Port
from pipeline.store.collect import collect
from schemas import Text
from stages.profile import kept, kept_profile


class Three(Stage):
    """Three rows, or more. Returns `rows` rows."""

    rows: int = 3

    def run(self) -> Table[Text]:
        """Made."""
        return Table.of(
            Text, pa.table({"id": [str(i) for i in range(self.rows)], "text": ["x"] * self.rows, "label": ["a"] * self.rows})
        )


def made(root, rows=3) -> tuple[LocalStore, Table]:
    record = Pipeline("three", Step("rows", Three(rows=rows))).run(str(root))
    store = LocalStore(root)
    return store, load(store, record.step("rows").outputs["rows"], Port("rows", Table, Text))


def test_a_table_is_measured_once(tmp_path, monkeypatch):
    store, table = made(tmp_path / "store")
    first = kept_profile(store, table)
    monkeypatch.setattr(kept, "profile", lambda table: pytest.fail("measured again"))
    assert kept_profile(store, table) == first
    assert first["rows"] == 3


def test_another_version_of_a_package_measures_again(tmp_path, monkeypatch):
    store, table = made(tmp_path / "store")
    kept_profile(store, table)
    monkeypatch.setattr(kept, "versions", lambda packages: {"numpy": "99"})
    monkeypatch.setattr(kept, "profile", lambda table: {"rows": -1})
    assert kept_profile(store, table) == {"rows": -1}


def test_gc_keeps_a_profile_as_long_as_its_table(tmp_path):
    store, table = made(tmp_path / "store")
    kept_profile(store, table)
    before = set(store.action_keys())
    assert collect(store, keep=1).removed["actions"].files == 0
    assert set(store.action_keys()) == before
    made(tmp_path / "store", rows=4)
    store.set_ref("three", "champion", LocalStore(tmp_path / "store").run_ids()[-1])
    collect(store, keep=1)
    assert not store.has(table.digest)
    assert not any((store.action(key) or {}).get("of") == table.digest for key in store.action_keys())


def test_a_profile_is_pushed_and_pulled_with_its_table(tmp_path, monkeypatch):
    store, table = made(tmp_path / "store")
    found = kept_profile(store, table)
    push(store, (tmp_path / "shared").as_uri())
    there = LocalStore(tmp_path / "other")
    pull(there, (tmp_path / "shared").as_uri())
    monkeypatch.setattr(kept, "profile", lambda table: pytest.fail("measured again"))
    assert kept_profile(there, load(there, table.digest, Port("rows", Table, Text))) == found
