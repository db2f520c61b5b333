"""The databases that `SqlRows` reads, through their ADBC drivers: how each is opened, watched for changes and read.

A SELECT is put together from the user's own and from quoted names, never from values.
"""

# ruff: noqa: S608  # it takes every SELECT that is put together for an attack

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import to_json

from pipeline import UsageError, turned_away


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


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at a URL, for reading. Raises UsageError for a URL, a driver or a file that is not there, else what the driver raises."""
    scheme = url.partition(":")[0].lower()
    if scheme == "sqlite":
        from .sqlite import opened as opened_sqlite

        with opened_sqlite(url) as sqlite:
            yield sqlite
    elif scheme in ("postgresql", "postgres"):
        from .postgresql import opened as opened_postgresql

        with opened_postgresql(url) as postgresql:
            yield postgresql
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


def driver(name: str) -> Any:
    """The module of an ADBC driver. Raises UsageError, with the way out, where it is not installed."""
    try:
        if name == "sqlite":
            from adbc_driver_sqlite import dbapi as sqlite

            return sqlite
        from adbc_driver_postgresql import dbapi as postgresql

        return postgresql
    except ImportError as error:
        raise UsageError(f"reading from {name} needs its ADBC driver: pip install 'brickwise[sql]'") from error
