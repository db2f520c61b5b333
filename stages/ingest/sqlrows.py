"""Rows of a table or a query in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, field_validator, model_validator

from pipeline import BrickwiseError, StageError, UsageError
from pipeline.errors import bounded

from .credentials import expanded, quoting, refuse_secrets
from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa

    from .databases import Database


class SqlRows(Source):
    """Rows of a table or of a query, through the database's ADBC driver; nothing can be written through it.

    url: `sqlite:///rows.db` (a fourth slash for a path from the root) or `postgresql://user:${PGPASSWORD}@host/database`;
    `${NAME}` is taken from the environment when the rows are read and kept nowhere, a password written out is refused.
    table: its name, or (schema, name).  columns: those that are read, all without it.  Names are quoted, whatever is in them.
    query: a SELECT, instead of a table.  Only `ORDER BY` makes the order of the rows, and so their bytes, the same each time.
    version: a query of one row that tells whether the rows changed, such as `SELECT max(changed), count(*) FROM mails`.

    Without a version the rows are never taken for unchanged unless they are: of SQLite the database file is hashed, with its log of
    changes (`-wal`), so that any change to the file reads the rows again; PostgreSQL is asked to hash every row of the result, which
    is one pass on the server for each plan and after each reading, and sends nothing over the network.  A table
    that others write to all the time changes while it is read, which is an error: bound the query (`WHERE day < '2024-03-01'`).

    Rows are read in batches.  PostgreSQL's types without an Arrow type of their own (numeric, uuid, json, enums, ...) come as text,
    exact, and the Record casts them.  A SQLite column holds whatever was put into it: integers stay integers, also where they stand
    for true and false, integers among reals become reals, anything among texts becomes text.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str
    table: str | tuple[str, ...] | None = None
    query: str | None = None
    columns: tuple[str, ...] = ()
    version: str | None = None

    _no_secrets = field_validator("url")(refuse_secrets)

    @model_validator(mode="after")
    def _one_of_two(self) -> SqlRows:
        if bool(self.table) == (self.query is not None):
            raise UsageError("source SqlRows: expected either a table or a query")
        if self.query is not None and self.columns:
            raise UsageError("source SqlRows: columns go with a table; name them in the query")
        return self

    @property
    def name(self) -> str:
        """The source of its rows: the URL as it is written, and the table."""
        return f"{self.url} {'.'.join(self._path())}".rstrip()

    def state(self) -> Mapping[str, Any]:
        """What the version query gives, or a digest, and the version of the driver, which decides on types. Raises UsageError where the database, the table or the query fails."""
        with self._database(UsageError) as database:
            names = database.columns(self._select())
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise UsageError(f"source {self.name}: the query gives {twice} more than once; name them apart with AS")
            if self.version is None:
                return {self.name: {"rows": database.digest(self._select()), **database.driver}}
            rows = database.rows(self.version)
            if len(rows) != 1:
                raise UsageError(
                    f"source {self.name}: the version query gives {len(rows)} rows, expected one: {bounded(self.version)}"
                )
            return {self.name: {"rows": rows[0], **database.driver}}

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """The rows, a batch at a time, numbered from 1. A row whose text or time cannot be stored is turned away."""
        from .away import placed
        from .databases import storable

        count = 0
        with self._database(StageError) as database:
            for rows in database.read(self._select()):
                yield storable(placed(rows, name, range(count + 1, count + rows.num_rows + 1)))
                count += rows.num_rows

    def _path(self) -> tuple[str, ...]:
        return (self.table,) if isinstance(self.table, str) else self.table or ()

    def _select(self) -> str:
        if self.query is not None:
            return self.query.strip().rstrip(";")
        listed = ", ".join(f"t.{quoted(column)}" for column in self.columns) or "*"
        return f"SELECT {listed} FROM {'.'.join(map(quoted, self._path()))} AS t"  # noqa: S608  # names, quoted

    @contextmanager
    def _database(self, error_class: type[BrickwiseError]) -> Iterator[Database]:
        from .databases import opened

        with quoting(self.name, "read", error_class), opened(expanded(self.url, encoded=True)) as database:
            yield database


def quoted(name: str) -> str:
    """A name as SQL writes any name. Raises UsageError for one that no database can have."""
    if not name or "\0" in name:
        raise UsageError(f"{bounded(name)!r} is no name of a table or column")
    return '"{}"'.format(name.replace('"', '""'))
