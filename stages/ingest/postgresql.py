"""PostgreSQL databases, read-only, through the ADBC driver."""

# ruff: noqa: S608  # it takes every SELECT that is put together for an attack

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pyarrow as pa

from pipeline import UsageError
from pipeline.digest import digest_json

from .databases import Database, driver
from .sqlrows import quoted

BATCH_BYTES = 2**20


class Postgresql(Database):
    """A PostgreSQL database, in a read-only transaction."""

    distribution = "adbc-driver-postgresql"

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
def opened(url: str) -> Iterator[Postgresql]:
    """The database at a URL, in one state of it."""
    _check(url)
    with closing(driver("postgresql").connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield Postgresql(connection)


def _check(url: str) -> None:
    """Refuses what the driver would take apart in another way, quoting a part of the password for it."""
    try:
        parts = urlsplit(url)
        fine = "@" not in parts.path and (parts.port is None or parts.port)
    except ValueError:
        fine = False
    if not fine:
        raise UsageError("the URL is not postgresql://user:password@host:port/database; write special characters in it as %XX")
