"""Files: what every source that reads files has in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from pipeline import LINE, SOURCE, turned_away
from pipeline.digest import Json

from .credentials import quoting, refuse_secrets
from .places import listed, opened, protocol_of, state
from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa

    from .archives import Part


def _path(value: Any) -> Any:
    """Text of a path or URL that holds no secret."""
    text = fspath(value) if isinstance(value, PathLike) else value
    if isinstance(text, str):
        refuse_secrets(text)
        protocol_of(text)
    return text


class Files(Source):
    """Files at a path, a pattern such as `days/*.csv` or `days/**/*.csv`, or a URL that fsspec knows; each is an item of its own.

    path: relative to the working directory.  `${NAME}` is taken from the environment.  A file may be packed with gzip or zstd; of a
    zip or tar (also tar.gz, tar.zst) the members that fit `members` are read, one after the other.
    sha256: of the one file; needed over HTTP.
    A subclass defines `rows(part)`: (table, turned away) of one file's plain bytes as they come.
    """

    path: Annotated[str, BeforeValidator(_path)] = Field(min_length=1)
    sha256: str = Field(default="", pattern="^([0-9a-fA-F]{64})?$")
    members: str = Field(default="*", min_length=1, description="which members of an archive; * fits any text, / too")
    max_bytes: int = Field(default=64 * 2**30, ge=1, description="bytes that one file may hold, unpacked")
    max_ratio: float = Field(default=200, ge=1, description="bytes unpacked for each packed one, above 64 MiB")

    def state(self) -> Mapping[str, Json]:
        """Name -> state of each file. Raises UsageError for one that is missing, empty or not readable."""
        return listed(self.path, self.sha256)

    def state_of(self, name: str) -> Json:
        """The state of one file."""
        return state(name, self.sha256)

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """One file, or the members of one archive, as they come. Raises StageError for what cannot be read."""
        away: list[pa.Table] = []
        schema = None
        for part in self.parts(name):
            if part.refused:
                away.append(_refused(part))
                continue
            with quoting(name, "read"):
                for rows, rejected in self.rows(part):
                    yield rows, [*away, *rejected]
                    away, schema = [], rows.schema
        if away and schema:
            yield schema.empty_table(), away

    def parts(self, name: str) -> Iterator[Part]:
        """The plain bytes of one file, or of each member of an archive."""
        from .archives import parts
        from .unpacked import Limits

        with opened(name, self.sha256, self.max_bytes) as file:
            yield from parts(file, name, self.members, Limits(self.max_bytes, self.max_ratio))

    def rows(self, part: Part) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """Rows of one file's bytes, with what was turned away on the way (see pipeline.turned_away)."""
        raise TypeError(f"source {type(self).__name__} must define rows(self, part)")


def _refused(part: Part) -> pa.Table:
    import pyarrow as pa

    return turned_away(pa.table({SOURCE: [part.name], LINE: pa.array([None], pa.int64()), "member": [part.name]}), part.refused)
