"""The databases that `SqlRows` reads, through their ADBC drivers: how each is opened, watched for changes and read.

A SELECT is put together from the user's own and from quoted names, never from values.
"""

# ruff: noqa: S608  # it takes every SELECT that is put together for an attack

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import to_json

from pipeline import UsageError, turned_away


class Database:
    """An open connection; `select` is one SELECT statement, on a line of its own where it is put into another."""

    distribution: ClassVar[str]  # of its driver

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def driver(self) -> dict[str, str]:
        """The driver and its version."""
        return {self.distribution: version(self.distribution)}

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


def storable(rows: pa.Table) -> tuple[pa.Table, list[pa.Table]]:
    """The rows of which all text is UTF-8 and all times are in the years 1 to 9999, which databases do not see to; and the others."""
    away = []
    for place, field in enumerate(rows.schema):
        for check, rule in ((_not_utf8, "is not UTF-8"), (_out_of_years, "is no time in the years 1 to 9999")):
            found = check(rows[place])
            if found is not None:
                broken, shown = found
                away.append(turned_away(rows.set_column(place, field.name, shown).filter(broken), rule, field.name))
                rows = rows.filter(pc.invert(broken))
    return rows, away


def _not_utf8(values: pa.ChunkedArray) -> tuple[Any, Any] | None:
    """A mask of what breaks the rule, and all values as they can be shown; None where nothing does."""
    if not pa.types.is_string(values.type):
        return None
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        listed = values.cast(pa.binary(), safe=False).to_pylist()
        shown = [value if value is None else value.decode(errors="replace") for value in listed]
        broken = [text is not None and text.encode() != value for text, value in zip(shown, listed, strict=True)]
        return pa.array(broken), pa.array(shown, pa.string())
    return None


def _out_of_years(values: pa.ChunkedArray) -> tuple[Any, Any] | None:
    """As `_not_utf8`; infinity and what Python has no date for are shown as their distance to 1970."""
    if pa.types.is_timestamp(values.type):
        scale, counts = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[values.type.unit] * 86_400, values.cast(pa.int64())
    elif pa.types.is_date32(values.type):
        scale, counts = 1, values.cast(pa.int32()).cast(pa.int64())
    else:
        return None
    first, end = (min(max(days * scale, -(2**63)), 2**63 - 1) for days in (-719_162, 2_932_897))
    broken = pc.fill_null(pc.or_(pc.less(counts, first), pc.greater_equal(counts, end)), False)
    return (broken, counts.cast(pa.string())) if pc.any(broken).as_py() else None


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
