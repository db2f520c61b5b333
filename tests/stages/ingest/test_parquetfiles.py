"""Parquet files, good and bad."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import StageError
from stages import ParquetFiles


@pytest.fixture
def parquet(tmp_path):
    """A source of a file of 1,000 rows in groups of 300."""
    path = tmp_path / "rows.parquet"
    rows = pa.table({"id": range(1000), "text": [f"t{i}" for i in range(1000)], "tags": [[i] for i in range(1000)]})
    pq.write_table(rows, path, row_group_size=300)
    return lambda **config: ParquetFiles(path=path, **config)


def test_rows_come_in_order_with_their_numbers(parquet, read, places):
    rows, away = read(parquet(batch_rows=70))
    assert rows == [{"id": i, "text": f"t{i}", "tags": [i]} for i in range(1000)]
    assert away == []
    assert [line for _, line in places(parquet(batch_rows=70))] == list(range(1, 1001))


def test_some_columns_may_be_read_in_the_order_declared(parquet, read):
    assert read(parquet(columns=("tags", "id")))[0][0] == {"tags": [0], "id": 0}
    with pytest.raises(StageError, match=r"has no column 'texts'; did you mean 'text'\?"):
        read(parquet(columns=("texts",)))


def test_a_file_without_rows_has_its_columns(tmp_path, read):
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    source = ParquetFiles(path=tmp_path / "none.parquet")
    assert read(source) == ([], [])
    ((table, _),) = source.read(source.path)
    assert table.column_names[0] == "id"


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: data[: len(data) // 2], lambda _: b"id,text\n1,a\n"])
def test_a_file_that_is_not_parquet_or_is_cut_off_is_a_stage_error(tmp_path, parquet, read, damage):
    path = tmp_path / "rows.parquet"
    source = parquet()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StageError, match=r"rows\.parquet is no Parquet file, or is damaged or cut off"):
        read(source)


def test_bytes_that_changed_in_the_middle_are_a_stage_error(tmp_path, parquet, read):
    path = tmp_path / "rows.parquet"
    source = parquet()
    data = path.read_bytes()
    path.write_bytes(data[:200] + b"\xff" * 400 + data[600:])
    with pytest.raises(StageError, match=r"rows\.parquet is no Parquet file, or is damaged"):
        read(source)


def test_a_packed_file_and_members_of_an_archive_are_read(tmp_path, parquet, packed, read, memory):
    data = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "a.zip").write_bytes(packed("zip", {"x.parquet": data, "y.parquet": data}))
    memory.pipe_file("/rows.parquet", data)
    assert len(read(ParquetFiles(path=tmp_path / "a.zip"))[0]) == 2000
    assert len(read(ParquetFiles(path="memory://rows.parquet"))[0]) == 1000


def test_a_column_of_a_name_that_no_column_may_have_is_a_stage_error(tmp_path, read):
    pq.write_table(pa.table({"\0line": [1]}), tmp_path / "odd.parquet")
    with pytest.raises(StageError, match="as no column may be called"):
        read(ParquetFiles(path=tmp_path / "odd.parquet"))


def test_a_file_much_larger_than_what_is_held_is_read_in_little_memory(tmp_path):
    path = tmp_path / "rows.parquet"
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())]), compression="zstd") as writer:
        for start in range(0, 600_000, 20_000):  # 240 MB of text, in row groups of 8
            writer.write_table(pa.table({"text": [f"{i} " + "some words " * 35 for i in range(start, start + 20_000)]}))
    code = (
        "import resource, sys; from stages import ParquetFiles; import stages.ingest.parquetrows\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; source = ParquetFiles(path=sys.argv[1])\n"
        "rows = sum(table.num_rows for table, _ in source.read(sys.argv[1]))\n"
        "print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    rows, grown = map(int, done.stdout.split())
    assert rows == 600_000
    assert grown < 90  # MiB
