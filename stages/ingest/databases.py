"""The databases that `SqlRows` reads, through their ADBC drivers: how each is opened, watched for changes and read.

A SELECT is put together from the user's own and from quoted names, never from values.
"""

# ruff: noqa: S608  # it takes every SELECT that is put together for an attack

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import to_json

from pipeline import UsageError, turned_away
from pipeline.digest import digest_json, digest_stream

from .sqlrows import quoted

BATCH_ROWS = 8192
BATCH_BYTES = 2**20


class Database:
    """An open connection; `select` is one SELECT statement, on a line of its own where it is put into another."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, select: str) -> list[Any]:
        """All rows, as JSON has them."""
        with self._connection.cursor() as cursor:
            cursor.execute(select)
            return [json.loads(to_json(row, bytes_mode="base64")) for row in cursor.fetchall()]

    def columns(self, select: str) -> list[str]:
        """The names of its columns; nothing is read. Fails for what is no SELECT, or more than one."""
        with self._connection.cursor() as cursor:
            cursor.adbc_prepare(select)  # by itself: what closes our bracket early would pass inside it
            cursor.execute(f"SELECT * FROM ({select}\n) AS t LIMIT 0")
            return [column[0] for column in cursor.description]

    def digest(self, select: str) -> str:
        """Changes whenever the rows may have changed."""
        raise NotImplementedError

    def read(self, select: str) -> Iterator[pa.Table]:
        """Its rows in batches, the first one perhaps empty."""
        raise NotImplementedError

    def _batches(self, select: str, options: dict[str, str]) -> Iterator[pa.Table]:
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**options)
            cursor.execute(select)
            reader = cursor.fetch_record_batch()
            yield reader.schema.empty_table()
            for batch in reader:
                yield pa.Table.from_batches([batch])


class Sqlite(Database):
    """A SQLite file, opened read-only."""

    def __init__(self, connection: Any, path: Path) -> None:
        super().__init__(connection)
        self._path = path

    def digest(self, select: str) -> str:
        """Of the file, its log of changes and an unfinished journal, as far as they hold anything."""
        files = [self._path, *(Path(f"{self._path}-{kind}") for kind in ("wal", "journal"))]
        return digest_json([_digest(file) for file in files if file.exists() and file.stat().st_size])

    def read(self, select: str) -> Iterator[pa.Table]:
        """Its rows, each column of one type, which one pass over them finds out before.

        The driver takes a column's type from the rows of its first batch and fails where a later one differs: hence the casts, and
        a first row that shows each type and is taken away again.
        """
        names = [quoted(name) for name in self.columns(select)]
        kinds = [_kind(found) for found in self._types(select, names)]
        shown = ", ".join(f"{sample} AS {name}" for name, (_, sample) in zip(names, kinds, strict=True))
        cast = ", ".join(
            f"CAST(t.{name} AS {kind})" if kind else f"t.{name}" for name, (kind, _) in zip(names, kinds, strict=True)
        )
        batches = self._batches(
            f"SELECT {shown} UNION ALL SELECT {cast} FROM ({select}\n) AS t", {"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)}
        )
        next(batches)  # without rows
        yield next(batches).slice(1)
        yield from batches

    def _types(self, select: str, names: list[str]) -> list[set[str]]:
        listed = ", ".join(f"group_concat(DISTINCT typeof(t.{name}))" for name in names)
        (found,) = self.rows(f"SELECT {listed} FROM ({select}\n) AS t")
        return [set((types or "null").split(",")) - {"null"} for types in found]


def _kind(types: set[str]) -> tuple[str, str]:
    """What a column of these types is cast to, if anything, and a value of that type."""
    if types == {"integer"}:
        return "", "0"
    if types and types <= {"integer", "real"}:
        return "REAL", "0.0"
    return ("BLOB", "x''") if "blob" in types else ("TEXT", "''")


class Postgresql(Database):
    """A PostgreSQL database, in a read-only transaction."""

    _AS_THEY_ARE = frozenset(
        (
            "bool", "int2", "int4", "int8", "float4", "float8", "oid", "text", "varchar", "bpchar", "name", "char", "bytea",
            "date", "timestamp", "timestamptz",
        )
    )  # fmt: skip

    def digest(self, select: str) -> str:
        """Of all rows, whatever their order: how many, and two sums of their 64-bit hashes, made by the server."""
        hashes = ", ".join(f"sum(hashtextextended(t::text, {seed}))" for seed in (0, 1))
        return digest_json(self.rows(f"SELECT count(*), {hashes} FROM ({select}\n) AS t"))

    def read(self, select: str) -> Iterator[pa.Table]:
        """Its rows, in the order in which they lie where the query gives none; types that Arrow lacks as text."""
        with self._connection.cursor() as cursor:
            # Neither joins a scan that is under way, in its middle, nor shares the rows out among workers.
            cursor.execute("SET LOCAL synchronize_seqscans = off")
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            schema = cursor.adbc_execute_schema(f"SELECT * FROM ({select}\n) AS t")
        listed = ", ".join(f"t.{quoted(field.name)}{self._cast(field)} AS {quoted(field.name)}" for field in schema)
        yield from self._batches(
            f"SELECT {listed} FROM ({select}\n) AS t", {"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)}
        )

    def _cast(self, field: pa.Field) -> str:
        kind = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
        if kind.removeprefix("_") in self._AS_THEY_ARE:
            return ""
        return "::text[]" if kind.startswith("_") else "::text"


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at a URL, for reading. Raises UsageError for a URL, a driver or a file that is not there, else what the driver raises."""
    scheme = url.partition(":")[0].lower()
    if scheme == "sqlite":
        path = _sqlite_path(url)
        with closing(_driver("sqlite").connect(f"file:{quote(str(path))}?mode=ro")) as connection:
            yield Sqlite(connection, path)
    elif scheme in ("postgresql", "postgres"):
        _readable(url)
        with closing(_driver("postgresql").connect(url)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield Postgresql(connection)
    else:
        raise UsageError("the URL of a database starts with sqlite:/// or postgresql://")


def decoded(rows: pa.Table) -> tuple[pa.Table, list[pa.Table]]:
    """The rows whose text is UTF-8, which a database may not look after, and the others."""
    away = []
    for place, field in enumerate(rows.schema):
        if not pa.types.is_string(field.type):
            continue
        try:
            rows[place].validate(full=True)
        except pa.ArrowInvalid:
            values = rows[place].cast(pa.binary(), safe=False).to_pylist()
            texts = [None if value is None else value.decode(errors="replace") for value in values]
            whole = pa.array([text is None or text.encode() == value for text, value in zip(texts, values, strict=True)])
            rows = rows.set_column(place, field, pa.array(texts, pa.string()))
            away.append((field.name, rows.filter(pc.invert(whole))))
            rows = rows.filter(whole)
    return rows, [turned_away(broken, "is not UTF-8", name) for name, broken in away]


def _driver(name: str) -> Any:
    try:
        if name == "sqlite":
            from adbc_driver_sqlite import dbapi as sqlite

            return sqlite
        from adbc_driver_postgresql import dbapi as postgresql

        return postgresql
    except ImportError as error:
        raise UsageError(f"reading from {name} needs its ADBC driver: pip install 'brickwise[sql]'") from error


def _sqlite_path(url: str) -> Path:
    found = re.fullmatch(r"(?i)sqlite:///([^?]+)", url)
    if not found:
        raise UsageError("the URL of a SQLite file is sqlite:///rows.db, or sqlite:////data/rows.db for a path from the root")
    path = Path(unquote(found[1]))
    if not path.is_file():
        raise UsageError(f"there is no SQLite file {path}, relative to {Path.cwd()}")
    return path.absolute()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return digest_stream(file, BATCH_BYTES)


def _readable(url: str) -> None:
    """Refuses what the driver would take apart in another way, quoting a part of the password for it."""
    try:
        parts = urlsplit(url)
        fine = "@" not in parts.path and (parts.port is None or parts.port)
    except ValueError:
        fine = False
    if not fine:
        raise UsageError("the URL is not postgresql://user:password@host:port/database; write special characters in it as %XX")
