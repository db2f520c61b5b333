"""Tables that are stored as Arrow files: one file a table, read through a memory map, verified, without a copy."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
import pytest

from pipeline import (
    DamagedError,
    LocalStore,
    Model,
    Pipeline,
    Selection,
    Stage,
    Step,
    StoreError,
    Table,
    turned_away,
)
from pipeline.publish import load, manifest, save_fragment, save_table
from pipeline.runner import run
from pipeline.stage import Port
from pipeline.store.collect import collect
from pipeline.store.verify import verify
from pipeline.table import FRAGMENT_ROWS
from schemas import Record


class Packed(Record):
    n: int
    tokens: list[int]


class Mapped(Packed):
    layout: ClassVar[Literal["parquet", "arrow"]] = "arrow"


MANY = FRAGMENT_ROWS + 1


def rows(first: int, count: int) -> pa.Table:
    numbers = pa.array(range(first, first + count), pa.int64())
    tokens = pa.ListArray.from_arrays(pa.array(range(0, 2 * count + 1, 2), pa.int32()), pa.array(range(2 * count), pa.int64()))
    return pa.table({"n": numbers, "tokens": tokens})


class Gives(Stage):
    """Two tables: of many rows in two parts, one row turned away; and of two rows."""

    def run(self) -> Iterator[Table[Mapped]]:
        yield Table.of(Mapped, rows(0, MANY), rows(MANY, 3), turned_away=[turned_away(rows(0, 1), "bad")])
        yield Table.of(Mapped, rows(MANY + 3, 2))


class Adds(Stage):
    """What all numbers of all rows come to."""

    def run(self, rows: Table[Packed]) -> Model:
        found = rows.read()
        return Model(facts={"sum": sum(found["n"].to_pylist()), "tokens": sum(map(sum, found["tokens"].to_pylist()))})


class Maps(Stage):
    def map(self, rows: Table[Mapped]) -> Table[Mapped]:
        found = rows.read()
        return Table.of(Mapped, found.slice(0, 1), found.slice(1))


def stored(store: LocalStore, *parts: pa.Table, layout: str = "arrow") -> Table:
    digest = save_table(store, Mapped, [save_fragment(store, part, layout) for part in parts])
    return load(store, digest, Port("rows", Table, Mapped))


def file_of(store: LocalStore, table: Table) -> Path:
    return store.object_file(table.fragments[0].digest)


def maps_of(path: Path) -> list[range]:
    """Where a file is mapped into this process."""
    lines = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(f" {path}")]
    return [range(*(int(end, 16) for end in line[0].split("-"))) for line in lines]


def addresses(table: pa.Table) -> list[range]:
    """Where the values of all columns lie."""
    found = [b for column in table.columns for chunk in column.chunks for b in chunk.buffers() if b is not None]
    return [range(buffer.address, buffer.address + buffer.size) for buffer in found]


def test_each_table_of_a_stage_is_one_uncompressed_file_and_reads_as_it_was_given(store):
    record = run(Pipeline("p", Step("gives", Gives()), Step("adds", Adds(), {"rows": "gives"})), store)
    assert (record.status, record.step("gives").rows_quarantined) == ("done", 1)
    digest = record.step("gives").outputs["rows"]
    found = manifest(store, digest)["files"]
    assert [(file["name"], file["rows"]) for file in found] == [("00000.arrow", MANY + 3), ("00001.arrow", 2)]
    assert found[0]["bytes"] > 8 * 3 * MANY
    table = load(store, digest, Port("rows", Table, Mapped))
    assert table.read()["n"].to_pylist() == list(range(MANY + 5))
    assert table.read(["tokens"]).column_names == ["tokens"]
    assert table.read()["n"].num_chunks == 2  # one a file, also of a table that was given in two parts
    facts = load(store, record.step("adds").outputs["model"], Port("model", Model)).facts
    assert facts["sum"] == sum(range(MANY + 5))
    assert verify(store).clean


def test_a_mapped_stage_stores_one_file_an_item(store):
    record = run(Pipeline("p", Step("gives", Gives()), Step("maps", Maps(), {"rows": "gives"})), store)
    files = manifest(store, record.step("maps").outputs["rows"])["files"]
    assert [file["rows"] for file in files] == [MANY + 3, 2]


def test_reading_copies_nothing(store):
    table = stored(store, rows(0, 100_000))
    before = pa.total_allocated_bytes()
    one, two = table.read(), table.read(["n"])
    assert pa.total_allocated_bytes() == before
    mapped = maps_of(file_of(store, table))
    for found in (one, two):
        places = addresses(found)
        assert sum(map(len, places)) >= 8 * 100_000
        assert all(any(place[0] in one and place[-1] in one for one in mapped) for place in places)
    assert one["n"].chunk(0).to_numpy(zero_copy_only=True)[-1] == 99_999


def test_a_parquet_fragment_under_the_same_record_still_reads(store):
    table = stored(store, rows(0, 5), layout="parquet")
    assert table.read() == rows(0, 5)
    assert maps_of(file_of(store, table)) == []
    mixed = Table(Mapped, table.fragments + stored(store, rows(5, 2)).fragments)
    assert mixed.read()["n"].to_pylist() == list(range(7))


def test_the_same_rows_give_the_same_bytes_however_they_lie_in_memory(store):
    whole = rows(0, 50)
    parts = pa.concat_tables([whole.slice(0, 13), whole.slice(13)])
    assert save_fragment(store, parts, "arrow") == save_fragment(store, whole, "arrow")
    cut = pa.table({"n": whole["n"].combine_chunks().slice(8, 5)})
    alone = pa.table({"n": pa.array(range(8, 13), pa.int64())})
    assert save_fragment(store, cut, "arrow") == save_fragment(store, alone, "arrow")


@pytest.mark.parametrize("damage", ["a byte", "cut", "empty", "gone", "a link"])
def test_a_damaged_file_is_never_served_and_set_aside(store, tmp_path, damage):
    table = stored(store, rows(0, 1000))
    path = file_of(store, table)
    data = path.read_bytes()
    path.chmod(0o644)
    if damage in ("gone", "a link"):
        path.unlink()
    if damage == "a link":
        (tmp_path / "elsewhere").write_bytes(data)
        path.symlink_to(tmp_path / "elsewhere")
    elif damage != "gone":
        path.write_bytes({"a byte": data[:2000] + b"!" + data[2001:], "cut": data[:2000], "empty": b""}[damage])
    with pytest.raises(DamagedError):
        table.read()
    assert not path.exists()
    assert store.damaged(table.fragments[0].digest) == (damage != "gone")
    if damage == "a byte":
        with pytest.raises(DamagedError, match="was damaged and has been set aside"):
            table.fragments[0].map()


def test_a_damaged_input_is_made_again_while_it_is_read(store):
    pipeline = Pipeline("p", Step("gives", Gives()), Step("adds", Adds(), {"rows": "gives"}))
    first = run(pipeline, store)
    digest = manifest(store, first.step("gives").outputs["rows"])["files"][0]["digest"]
    path = store.object_file(digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    again = run(pipeline, store, selection=Selection(only="adds", force=True))
    assert (again.status, again.step("adds").outputs) == ("done", first.step("adds").outputs)
    assert store.intact(digest)


def test_what_was_read_stays_when_the_object_is_collected_or_set_aside(store):
    table, other = stored(store, rows(0, 100_000)), stored(store, rows(7, 100_000))
    found, beside = table.read(), other.read()
    assert collect(store).removed["objects"].files == 4
    assert not file_of(store, table).exists()
    assert found["n"][99_999].as_py() == 99_999
    assert beside["tokens"][99_999].as_py() == [199_998, 199_999]


def test_an_object_that_cannot_be_read_is_named(store):
    path = store.object_file("a" * 64)
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=f"cannot read {path}"):
        store.map("a" * 64)
