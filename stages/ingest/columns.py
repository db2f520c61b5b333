"""Columns: another source, with its columns under the names that a Record has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field, SerializeAsAny

from pipeline import StageError
from pipeline.digest import digest_bytes
from pipeline.errors import bounded, suggest
from pipeline.quarantine import without_origin

from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa

_ID_DIGITS = 16  # hexadecimal: of a billion texts, two share an id in one case of forty


class Columns(Source):
    """Rows of another source under other names; a column that is not named keeps its own.

    names: the name wanted -> the column of the source; a path such as `author.name` looks into nested values.
    as_text: columns, by the name wanted, made text without blanks around it; the numbers 1 and 1.0 become "1", an empty text and NaN null.
    id_from: the columns, by the name wanted, whose digest becomes the column `id`: the same in every run for the same values.
    first: how many rows of each file are read, to try things quickly; all where it is None.
    """

    of: SerializeAsAny[Source]
    names: dict[str, str] = {}
    as_text: tuple[str, ...] = ()
    id_from: tuple[str, ...] = ()
    first: int | None = Field(default=None, ge=1)

    def state(self) -> Mapping[str, Any]:
        """That of the source."""
        return self.of.state()

    def state_of(self, name: str) -> Any:
        """That of the source."""
        return self.of.state_of(name)

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """What the source reads. Raises StageError for a column that it does not have."""
        left = self.first
        for rows, away in self.of.read(name):
            found = rows if left is None else rows.slice(0, left)
            yield self._named(found), away
            if left is not None:
                left -= found.num_rows
                if not left:
                    return

    def derived(self) -> Mapping[str, Sequence[str]]:
        """The id, where it is a digest, and what the source itself computes."""
        return {**self.of.derived(), **({"id": self.id_from} if self.id_from else {})}

    def derive(self, rows: pa.Table) -> pa.Table:
        """Text without blanks around it, and the id of what the row holds now; columns that are not there are passed over."""
        import pyarrow as pa

        found = {name: rows[name] for name in rows.column_names}
        for name in self.as_text:
            if name in found:
                found[name] = _text(found[name], name)
        if self.id_from and found.keys() >= set(self.id_from):
            found["id"] = _ids([found[name] for name in self.id_from])
        return pa.table(found)

    def _named(self, rows: pa.Table) -> pa.Table:
        import pyarrow as pa

        taken = {wanted: column_at(rows, path) for wanted, path in self.names.items()}
        used = {*taken, *self.names.values()}
        kept = [own for own in rows.column_names if own not in used]
        found = {**taken, **{own: rows[own] for own in kept}}
        for wanted in self.as_text:
            found[wanted] = _text(found[self._known(wanted, found)], wanted)
        if self.id_from:
            found["id"] = _ids([found[self._known(wanted, found)] for wanted in self.id_from])
        return pa.table(found)

    def _known(self, wanted: str, found: Mapping[str, Any]) -> str:
        if wanted not in found:
            raise StageError(f"the source has no column {bounded(wanted)}; {suggest(wanted, found)}")
        return wanted


def column_at(rows: pa.Table, path: str) -> pa.ChunkedArray:
    """The column of that name, or the values at a path into nested ones. Raises StageError where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if path in rows.column_names:
        return rows[path]
    head, *inner = path.split(".")
    if not inner or head not in rows.column_names:
        raise StageError(f"the source has no column {bounded(path)}; {suggest(path, without_origin(rows).column_names)}")
    found = rows[head]
    for part in inner:
        names = found.type.names if pa.types.is_struct(found.type) else []
        if part not in names:
            raise StageError(f"the source has no {bounded(part)} at {bounded(path)}; {suggest(part, names)}")
        found = pc.struct_field(found, part)
    return found


def _text(values: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_decimal(values.type):  # to the last digit, which a float does not hold
        values = pa.chunked_array([[_digits(value) for value in values.to_pylist()]], pa.string())
    if pa.types.is_floating(values.type):
        doubles = values.cast(pa.float64())
        doubles = pc.if_else(pc.is_nan(doubles), pa.scalar(None, pa.float64()), doubles)
        whole = pc.fill_null(pc.and_(pc.equal(pc.floor(doubles), doubles), pc.less(pc.abs(doubles), 2**53)), False)
        values = pc.if_else(whole, pc.if_else(whole, doubles, 0).cast(pa.int64()).cast(pa.string()), doubles.cast(pa.string()))
    if pa.types.is_nested(values.type):
        raise StageError(f"column {bounded(name)} holds {values.type}, which is no text")
    try:
        trimmed = pc.utf8_trim_whitespace(values.cast(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise StageError(f"column {bounded(name)} holds {values.type}, which does not read as text: {error}") from error
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _digits(value: Decimal | None) -> str | None:
    text = "" if value is None else format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or None


def _ids(columns: list[pa.ChunkedArray]) -> pa.Array:
    import pyarrow as pa
    from pydantic_core import to_json

    if len(columns) == 1 and pa.types.is_string(columns[0].type):
        values = (str(value or "").encode() for value in columns[0].to_pylist())
    else:
        values = (to_json(row) for row in zip(*(column.to_pylist() for column in columns), strict=True))
    return pa.array([digest_bytes(value)[:_ID_DIGITS] for value in values], pa.string())
