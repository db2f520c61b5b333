"""SQLite files, read-only, through the ADBC driver."""

# ruff: noqa: S608  # it takes every SELECT that is put together for an attack

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa

from pipeline import UsageError
from pipeline.digest import digest_json, digest_stream

from .databases import Database, driver
from .sqlrows import quoted

BATCH_ROWS = 8192


class Sqlite(Database):
    """A SQLite file, opened read-only."""

    distribution = "adbc-driver-sqlite"

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


@contextmanager
def opened(url: str) -> Iterator[Sqlite]:
    """The file at a URL, which is never made."""
    path = _path(url)
    # A file in WAL mode wants a log beside it, empty or not, and fails where none can be made.
    fixed = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    with closing(driver("sqlite").connect(f"file:{quote(str(path))}?mode=ro{'&immutable=1' * fixed}")) as connection:
        yield Sqlite(connection, path)


def _path(url: str) -> Path:
    found = re.fullmatch(r"(?i)sqlite:///([^?]+)", url)
    if not found:
        raise UsageError("the URL of a SQLite file is sqlite:///rows.db, or sqlite:////data/rows.db for a path from the root")
    path = Path(unquote(found[1]))
    if not path.is_file():
        raise UsageError(f"there is no SQLite file {path}, relative to {Path.cwd()}")
    return path.absolute()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return digest_stream(file, 2**20)
