"""Rows from a PostgreSQL server that is started here, and stopped; skipped only where its programs are not installed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from traceback import format_exception
from uuid import UUID

import pyarrow as pa
import pytest

from pipeline import LINE, SOURCE, Outside, Pipeline, StageError, Step, UsageError
from schemas import Record
from stages import Ingest, SqlRows

PASSWORD = "s3cr/t@:%41 é"
ODD = 'we"ird; drop table x'


def program(name):
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.skip(f"{name} is not installed: a PostgreSQL server is needed for this test")
    return found


@pytest.fixture(scope="module")
def port():
    """That of a server with one user, whose password is needed."""
    initdb, postgres = program("initdb"), program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="brickwise-postgresql-"))
    as_user = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    options = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **as_user}
    (folder / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    command = [
        initdb,
        "--pgdata=data",
        "--username=me",
        "--pwfile=password",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-sync",
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=60, **options)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (folder / "log").open("w") as log:
            command = [postgres, "-D", "data", "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-F"]
            server = subprocess.Popen(command, stderr=log, stdout=log, **options)
        try:
            wait_for(port, server, folder / "log")
            yield port
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def wait_for(port, server, log):
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        if "ready to accept connections" in log.read_text():
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start on port {port}: {log.read_text()[-1000:]}")


@pytest.fixture
def url(port, monkeypatch):
    monkeypatch.setenv("BW_PASSWORD", PASSWORD)
    return f"postgresql://me:${{BW_PASSWORD}}@127.0.0.1:{port}/postgres"


@pytest.fixture
def execute(url):
    """Runs statements, and drops what is in the database afterwards."""
    from adbc_driver_postgresql import dbapi

    from stages.ingest.credentials import expanded

    opened = expanded(url, encoded=True)

    def run(*statements):
        with closing(dbapi.connect(opened)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    yield run
    run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def read(source):
    (name,) = source.state()
    parts = list(source.read(name))
    assert not [part for _, away in parts for part in away]
    return pa.concat_tables(rows for rows, _ in parts)


def values(source):
    return read(source).drop_columns([SOURCE, LINE]).to_pylist()


def test_rows_come_with_their_source_and_number_and_no_password(execute, url):
    execute("CREATE TABLE mails (id int8, text text)", "INSERT INTO mails VALUES (2, 'b'), (1, NULL)")
    assert read(SqlRows(url=url, table="mails")).to_pylist() == [
        {"id": 2, "text": "b", SOURCE: f"{url} mails", LINE: 1},
        {"id": 1, "text": None, SOURCE: f"{url} mails", LINE: 2},
    ]


def test_names_are_quoted_whatever_is_in_them(execute, url):
    odd = ODD.replace('"', '""')
    mine = '"My ""own"" schema"'
    execute(
        f"CREATE SCHEMA {mine}", f'CREATE TABLE {mine}."{odd}" ("a ""b"" c" int8, "from" int8, "ä;--" text)',
        f"""INSERT INTO {mine}."{odd}" VALUES (1, 2, 'it''s')""",
    )  # fmt: skip
    source = SqlRows(url=url, table=('My "own" schema', ODD))
    assert values(source) == [{'a "b" c': 1, "from": 2, "ä;--": "it's"}]
    assert values(source.model_copy(update={"columns": ("ä;--",)})) == [{"ä;--": "it's"}]
    execute(f"DROP SCHEMA {mine} CASCADE")


def test_each_type_comes_as_arrow_has_it_or_as_exact_text(execute, url):
    execute("CREATE TYPE mood AS ENUM ('ham', 'spam')")
    query = r"""
        SELECT 1::int2 AS a, 2::int4 AS b, 1.5::float4 AS c, true AS d, 'x'::varchar(5) AS e, '\xff00'::bytea AS f,
            date '2024-02-29' AS g, timestamptz '2024-02-29 12:00+02' AS h, 1234567890.123456789012::numeric AS i,
            'NaN'::numeric AS j, '12345678-1234-5678-1234-567812345678'::uuid AS k, '{"a": 1}'::json AS l, 'spam'::mood AS m,
            ARRAY[1, NULL] AS n, ARRAY['a', 'b'] AS o, ARRAY[1.50] AS p, interval '1 month 2 days' AS q, ROW(1, 'a') AS r,
            NULL AS s, inet '10.0.0.1' AS t, int4range(1, 3) AS u, money '3.50' AS v"""
    (row,) = values(SqlRows(url=url, query=query))
    assert row.pop("h").isoformat() == "2024-02-29T10:00:00+00:00"
    assert str(row.pop("g")) == "2024-02-29"
    assert Decimal(row.pop("i")) == Decimal("1234567890.123456789012")
    assert UUID(row.pop("k")).int == 0x12345678123456781234567812345678
    assert row == {
        "a": 1, "b": 2, "c": 1.5, "d": True, "e": "x", "f": b"\xff\x00", "j": "NaN", "l": '{"a": 1}', "m": "spam",
        "n": [1, None], "o": ["a", "b"], "p": ["1.50"], "q": "1 mon 2 days", "r": "(1,a)", "s": None, "t": "10.0.0.1/32",
        "u": "[1,3)", "v": "$3.50",
    }  # fmt: skip


def test_a_time_that_python_has_no_name_for_turns_its_row_away(url):
    query = """SELECT * FROM (VALUES (1, timestamp '2024-02-29', date '2024-02-29', timestamptz '9999-12-31 23:59:59Z'),
        (2, 'infinity', '0001-01-01', NULL), (3, NULL, '-infinity', NULL), (4, '0044-03-15 BC', NULL, NULL), (5, NULL, NULL, '10000-01-01'))
        AS t (id, a, b, c)"""
    source = SqlRows(url=url, query=query)
    (name,) = source.state()
    parts = list(source.read(name))
    assert [number for rows, _ in parts for number in rows["id"].to_pylist()] == [1]
    away = [(line["line"], line["column"]) for _, rejected in parts for part in rejected for line in part.to_pylist()]
    assert sorted(away) == [(2, "a"), (3, "b"), (4, "a"), (5, "c")]


def test_an_ordered_query_keeps_its_order_over_many_batches(execute, url):
    execute("CREATE TABLE mails AS SELECT i AS id, repeat('x', 100) AS text FROM generate_series(1, 50000) AS i")
    rows = read(SqlRows(url=url, query="SELECT * FROM mails ORDER BY id DESC -- the newest\n;"))
    assert rows["id"].to_pylist() == list(range(50_000, 0, -1))
    assert rows[LINE].to_pylist() == list(range(1, 50_001))
    assert rows["id"].num_chunks > 4


def test_a_table_without_rows_has_its_columns(execute, url):
    execute("CREATE TABLE mails (id int8, text text)")
    assert read(SqlRows(url=url, table="mails")).column_names == ["id", "text", SOURCE, LINE]


def test_any_change_of_a_row_changes_the_state_and_no_change_does_not(execute, url):
    execute(
        "CREATE TABLE mails (id int8, text text)", "INSERT INTO mails SELECT i, 't' || i FROM generate_series(1, 1000) AS i"
    )
    source = SqlRows(url=url, table="mails")
    seen = [source.state()]
    assert source.state() == seen[0]
    for change in (
        "UPDATE mails SET text = 'T7' WHERE id = 7", "UPDATE mails SET id = id + 1 WHERE id = 1000", "DELETE FROM mails WHERE id = 3",
        "INSERT INTO mails VALUES (2, 't2')", "UPDATE mails SET text = NULL WHERE id = 9", "UPDATE mails SET text = '' WHERE id = 9",
    ):  # fmt: skip
        execute(change)
        state = source.state()
        assert state not in seen
        seen.append(state)


def test_a_version_query_alone_says_what_is_new(execute, url):
    execute("CREATE TABLE mails (id int8, at timestamptz)", "INSERT INTO mails VALUES (1, '2024-02-29 12:00+00')")
    source = SqlRows(url=url, table="mails", version="SELECT max(at), count(*) FROM mails")
    assert source.state()[source.name]["rows"] == ["2024-02-29T12:00:00Z", 1]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM mails", "DELETE FROM mails RETURNING id", "WITH gone AS (DELETE FROM mails RETURNING id) SELECT * FROM gone",
        "SELECT 1; DELETE FROM mails", "SELECT 1) AS t; DELETE FROM mails; COMMIT; --", "SELECT nextval('numbers')",
        "SELECT set_config('transaction_read_only', 'off', false), emptied()", "SELECT emptied()", "COMMIT; DELETE FROM mails",
    ],
)  # fmt: skip
def test_a_query_that_writes_is_refused_and_nothing_is_written(execute, url, query):
    execute(
        "CREATE TABLE mails (id int8)", "INSERT INTO mails VALUES (1)", "CREATE SEQUENCE numbers",
        "CREATE FUNCTION emptied() RETURNS int8 AS $$ DELETE FROM mails RETURNING id $$ LANGUAGE sql",
    )  # fmt: skip
    for source in (SqlRows(url=url, query=query), SqlRows(url=url, table="mails", version=query)):
        with pytest.raises((UsageError, StageError)):  # a function that writes is seen when it is called
            read(source)
    assert values(SqlRows(url=url, query="SELECT id, (SELECT last_value FROM numbers) AS n FROM mails")) == [{"id": 1, "n": 1}]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"query": "SELECT 1 AS a, 2 AS a"}, r"gives \['a'\] more than once"),
        ({"table": "nope"}, 'relation "nope" does not exist'),
        ({"table": ("nope", "mails")}, r'relation "nope\.mails" does not exist'),
        ({"query": "SELEC 1"}, "syntax error"),
        ({"query": "SELECT 1 / 0"}, "division by zero"),
    ],
)
def test_mistakes_are_usage_errors_before_anything_runs(url, fields, message):
    with pytest.raises(UsageError, match=message):
        SqlRows(url=url, **fields).state()


class Mail(Record):
    id: int
    text: str


def test_a_wrong_password_is_told_and_neither_it_nor_the_right_one_is_kept_anywhere(execute, url, monkeypatch, tmp_path):
    execute("CREATE TABLE mails (id int8, text text)", "INSERT INTO mails VALUES (1, 'a')")
    mails = Pipeline("mails", Step("raw", Ingest[Mail](source=SqlRows(url=url, table="mails"))))
    monkeypatch.setenv("BW_PASSWORD", "wr0ng/p@ss")
    with pytest.raises(UsageError, match="password authentication failed") as raised:
        mails.run(tmp_path)
    told = "".join(format_exception(raised.value))
    monkeypatch.setenv("BW_PASSWORD", PASSWORD)
    assert mails.run(tmp_path).status == "done"
    assert mails.run(tmp_path).status == "up-to-date"
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()) + told.encode()
    assert b"BW_PASSWORD" in kept
    for part in ("wr0ng", "p@ss", "s3cr", "%41", "%2541"):
        assert part.encode() not in kept


@pytest.mark.parametrize("password", ["s3cr/t@x", "s3cr:t", "12/s3cr@x", "s3cr?t", "s3cr#t", "s3cr[t", "s3cr%t"])
def test_a_whole_url_in_a_variable_that_cannot_be_read_does_not_show_its_password(port, monkeypatch, password):
    monkeypatch.setenv("BW_DATABASE", f"postgresql://me:{password}@127.0.0.1:{port}/postgres")
    with pytest.raises(UsageError) as raised:
        SqlRows(url="${BW_DATABASE}", table="mails").state()
    assert "s3cr" not in "".join(format_exception(raised.value))


def test_a_server_that_is_not_there_is_a_usage_error_without_the_password(monkeypatch):
    monkeypatch.setenv("BW_PASSWORD", PASSWORD)
    with pytest.raises(UsageError, match=r"Connection refused|could not connect") as raised:
        SqlRows(url="postgresql://me:${BW_PASSWORD}@127.0.0.1:1/postgres", table="mails").state()
    assert "s3cr" not in str(raised.value)


def test_a_table_that_is_changed_while_it_is_read_is_noticed(execute, url):
    execute("CREATE TABLE mails (id int8, text text)", "INSERT INTO mails VALUES (1, 'a')")
    stage = Ingest[Mail](source=SqlRows(url=url, table="mails"))
    ((name, state),) = stage.outside().items()
    item = Outside(name, state)
    assert next(stage.map(item)).count() == 1
    assert stage.unchanged(item)
    execute("INSERT INTO mails VALUES (2, 'b')")
    assert not stage.unchanged(item)
