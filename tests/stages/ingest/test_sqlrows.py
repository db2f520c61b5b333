"""Rows from SQL: SQLite files, and a PostgreSQL server that is started here."""

import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from pipeline import LINE, SOURCE, Outside, StageError, UsageError
from schemas import Record
from stages import Ingest, SqlRows

ODD = 'we"ird; drop table x'


@pytest.fixture
def sqlite(tmp_path):
    """A connection to a file, and its URL."""
    connection = sqlite3.connect(tmp_path / "rows.db")
    yield connection, f"sqlite:///{tmp_path / 'rows.db'}"
    connection.close()


def table(connection, *rows, columns="id, text", name="mails"):
    connection.execute(f"CREATE TABLE {name} ({columns})")
    connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows) if rows else None
    connection.commit()


def read(source):
    (name,) = source.state()
    parts = list(source.read(name))
    rows = pa.concat_tables(rows for rows, _ in parts)
    return rows, [line for _, away in parts for part in away for line in part.to_pylist()]


def values(source):
    rows, away = read(source)
    assert away == []
    return rows.drop_columns([SOURCE, LINE]).to_pylist()


def test_rows_of_a_table_come_in_their_order_with_the_source_and_their_number(sqlite):
    connection, url = sqlite
    table(connection, (2, "b"), (1, "a"))
    rows, _ = read(SqlRows(url=url, table="mails"))
    assert rows.to_pylist() == [
        {"id": 2, "text": "b", SOURCE: f"{url} mails", LINE: 1},
        {"id": 1, "text": "a", SOURCE: f"{url} mails", LINE: 2},
    ]


def test_a_query_gives_its_rows_in_the_order_that_it_asks_for(sqlite):
    connection, url = sqlite
    table(connection, *((i, f"t{i % 7}") for i in range(30_000)))
    query = "SELECT id, upper(text) AS text FROM mails WHERE id % 2 ORDER BY id DESC; -- newest first\n"
    assert values(SqlRows(url=url, query=query.replace("; --", " --"))) == [
        {"id": i, "text": f"T{i % 7}"} for i in range(29_999, 0, -2)
    ]
    assert len(values(SqlRows(url=url, query="SELECT * FROM mails;"))) == 30_000


def test_names_are_quoted_whatever_is_in_them(sqlite):
    connection, url = sqlite
    connection.execute("CREATE TABLE x (a)")
    connection.execute(f'CREATE TABLE "{ODD.replace(chr(34), chr(34) * 2)}" ("a ""b"" c", "from", "ä;--")')
    connection.execute(f"INSERT INTO \"{ODD.replace(chr(34), chr(34) * 2)}\" VALUES (1, 2, 'it''s')")
    connection.commit()
    assert values(SqlRows(url=url, table=ODD)) == [{'a "b" c': 1, "from": 2, "ä;--": "it's"}]
    assert values(SqlRows(url=url, table=("main", ODD), columns=("ä;--", 'a "b" c'))) == [{"ä;--": "it's", 'a "b" c': 1}]
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (2,)


def test_a_column_that_is_not_there_is_an_error_and_no_text_of_that_name(sqlite):
    connection, url = sqlite
    table(connection, (1, "a"))
    with pytest.raises(UsageError, match=r"rows\.db mails cannot be read: .*no such column: t\.nope"):
        SqlRows(url=url, table="mails", columns=("nope",)).state()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([None] * 20_000 + ["late"], pa.string()),
        ([1] * 20_000 + ["12a", None], pa.string()),
        ([1] * 20_000 + [0.5], pa.float64()),
        ([1, None, 2**62], pa.int64()),
        (["a"] * 20_000 + [b"\xff"], pa.binary()),
        ([None, None], pa.string()),
        ([0.1 + 0.2, "x"], pa.string()),
    ],
)
def test_a_column_has_one_type_that_holds_all_that_is_in_it(sqlite, given, expected):
    connection, url = sqlite
    table(connection, *((value,) for value in given), columns="v")
    rows, _ = read(SqlRows(url=url, table="mails"))
    assert rows.schema.field("v").type == expected
    if expected == pa.string():
        given = [value if value is None else str(value) for value in given]
    elif expected == pa.binary():
        given = [value.encode() if isinstance(value, str) else value for value in given]
    assert rows["v"].to_pylist() == given


class Mail(Record):
    id: int
    spam: bool
    at: datetime
    day: date
    weight: float | None


def test_true_and_false_days_and_times_of_sqlite_come_out_as_the_record_says(sqlite):
    connection, url = sqlite
    rows = [(1, 1, "2024-02-29T12:00:00Z", "2024-02-29", None), (2, 0, "2024-02-29T12:00:00Z", "tomorrow", 1)]
    table(connection, *rows, columns="id, spam, at, day, weight")
    source = SqlRows(url=url, table="mails")
    ((name, state),) = source.state().items()
    (made,) = Ingest[Mail](source=source).map(Outside(name, state))
    kept, away = Mail.sift(made.read())
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert kept.to_pylist() == [{"id": 1, "spam": True, "at": at, "day": date(2024, 2, 29), "weight": None}]
    assert [(line["column"], line["value"], line["source"], line["line"]) for line in away.to_pylist()] == [
        ("day", "tomorrow", f"{url} mails", 2)
    ]


def test_text_that_is_not_utf_8_is_quarantined_with_its_row(sqlite):
    connection, url = sqlite
    table(connection, (1, "a"), (2, "b"), (3, "c"))
    connection.execute("UPDATE mails SET text = CAST(x'ff41' AS TEXT) WHERE id = 2")
    connection.commit()
    rows, away = read(SqlRows(url=url, table="mails"))
    assert rows["id"].to_pylist() == [1, 3]
    assert [(line["rule"], line["column"], line["value"], line["line"]) for line in away] == [
        ("is not UTF-8", "text", "\ufffdA", 2)
    ]


def test_a_table_without_rows_has_its_columns(sqlite):
    connection, url = sqlite
    table(connection)
    assert values(SqlRows(url=url, table="mails")) == []
    assert read(SqlRows(url=url, table="mails"))[0].column_names == ["id", "text", SOURCE, LINE]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM mails",
        "DELETE FROM mails RETURNING id",
        "SELECT 1); DELETE FROM mails; --",
        "DROP TABLE mails",
        "PRAGMA user_version = 7",
    ],
)
def test_a_query_that_writes_is_refused_and_nothing_is_written(sqlite, query):
    connection, url = sqlite
    table(connection, (1, "a"))
    with pytest.raises(UsageError, match="cannot be read"):
        SqlRows(url=url, query=query).state()
    with pytest.raises((UsageError, StageError)):
        SqlRows(url=url, table="mails", version=query).state()
    assert connection.execute("SELECT * FROM mails").fetchall() == [(1, "a")]
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)


def test_any_change_to_the_file_changes_the_state_also_one_that_is_only_in_the_log(sqlite):
    connection, url = sqlite
    connection.execute("PRAGMA journal_mode = WAL")
    table(connection, (1, "a"))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    source = SqlRows(url=url, table="mails")
    before = source.state()
    assert source.state() == before
    connection.execute("UPDATE mails SET text = 'b'")
    connection.commit()
    assert source.state() != before
    assert values(source) == [{"id": 1, "text": "b"}]


def test_a_file_in_wal_mode_is_read_where_no_log_can_be_made_beside_it(tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / "rows.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        table(connection, (1, "a"))
    tmp_path.chmod(0o555)  # which root does not notice: hence the next line
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    assert values(SqlRows(url=f"sqlite:///{tmp_path}/rows.db", table="mails")) == [{"id": 1, "text": "a"}]
    assert [file.name for file in tmp_path.iterdir()] == ["rows.db"]


def test_a_version_query_alone_says_what_is_new(sqlite):
    connection, url = sqlite
    table(connection, (1, "a"))
    source = SqlRows(url=url, table="mails", version="SELECT max(id), count(*) FROM mails")
    assert source.state()[source.name]["rows"] == [1, 1]
    connection.execute("UPDATE mails SET text = 'b'")
    connection.commit()
    assert source.state()[source.name]["rows"] == [1, 1]
    connection.execute("INSERT INTO mails VALUES (5, 'c')")
    connection.commit()
    assert source.state()[source.name]["rows"] == [5, 2]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "expected either a table or a query"),
        ({"table": "a", "query": "SELECT 1"}, "expected either a table or a query"),
        ({"query": "SELECT 1", "columns": ("a",)}, "columns go with a table"),
        ({"table": "a", "url": "sqlite://rows.db"}, "is sqlite:///rows.db, or sqlite:////data/rows.db"),
        ({"table": "a", "url": "sqlite:///gone.db"}, r"no SQLite file gone\.db"),
        ({"table": "a", "url": "mysql://host/db"}, "starts with sqlite:/// or postgresql://"),
        ({"table": "nope"}, "no such table: nope"),
        ({"table": "a\0b"}, "is no name of a table"),
        ({"query": "SELECT 1", "version": "SELECT 1 UNION SELECT 2"}, "version query gives 2 rows, expected one"),
        ({"query": "SELEC 1"}, "syntax error"),
    ],
)
def test_mistakes_are_usage_errors_before_anything_runs(sqlite, fields, message):
    _, url = sqlite
    with pytest.raises(UsageError, match=message):
        SqlRows(**{"url": url, **fields}).state()


def test_a_file_that_is_no_database_is_a_usage_error(tmp_path):
    (tmp_path / "rows.db").write_text("id,text\n" * 200)
    with pytest.raises(UsageError, match="not a database"):
        SqlRows(url=f"sqlite:///{tmp_path}/rows.db", table="mails").state()


def test_without_the_driver_the_way_out_is_named(sqlite, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    with pytest.raises(UsageError, match=r"pip install 'brickwise\[sql\]'"):
        SqlRows(url=sqlite[1], table="mails").state()


def test_a_table_that_goes_while_it_is_to_be_read_is_a_stage_error(sqlite):
    with pytest.raises(StageError, match="no such table"):
        list(SqlRows(url=sqlite[1], table="mails").read("mails"))
