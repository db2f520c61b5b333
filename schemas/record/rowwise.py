"""One row at a time: what pydantic is given of a mapping, so that it says what the row rules say of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from .column import Column, Described

Place = tuple[str | int, ...]

_TYPES = {"string": str, "int64": int, "double": float, "bool": bool, "date32[day]": date, "binary": bytes}


def read_row(record: Described, row: Mapping[Any, Any]) -> dict[Any, Any]:
    """The row with each value read as its column's type (schemas/record/reading.py). Raises ValidationError for those that do not read."""
    wrong: list[InitErrorDetails] = []
    found = dict(row)
    for column in record.columns:
        if column.name in row:
            found[column.name] = _read(column, row[column.name], (column.name,), wrong)
    if wrong:
        raise ValidationError.from_exception_data(record.name, wrong)
    return found


def keep_rules(record: Described, row: Any) -> None:
    """Ask the row rules about a row whose fields are well. Raises ValidationError for the first one it breaks."""
    if not record.rules:
        return
    from .arrow import table_of
    from .rowrules import broken

    values = vars(row)
    rows = table_of(record.columns, [values])
    for rule in record.rules:
        if broken(rule, rows)[0].as_py():
            place = (rule.column,) if rule.column else ()
            raise ValidationError.from_exception_data(
                record.name, [_wrong("row_rule", rule.reason, place, values[rule.column] if rule.column else None)]
            )


def _read(column: Column, value: Any, place: Place, wrong: list[InitErrorDetails]) -> Any:
    if value is None or _is_exact(column, value):
        return value
    if column.items is not None and isinstance(value, list | tuple):
        return [_read(column.items, item, (*place, at), wrong) for at, item in enumerate(value)]
    if column.fields and (isinstance(value, Mapping) or hasattr(type(value), "sift")):
        if not isinstance(value, Mapping):
            return value  # a Record, which pydantic asks whether it is the right one
        inside = {
            inner.name: _read(inner, value[inner.name], (*place, inner.name), wrong)
            for inner in column.fields
            if inner.name in value
        }
        return {**value, **inside}
    for made in _as_arrow(column, value):
        return made
    wrong.append(_wrong("unreadable", f"does not read as {column.kind}", place, value))
    return value


def _is_exact(column: Column, value: Any) -> bool:
    kind = type(value)
    if kind is int:
        return column.kind == "int64" and -(2**63) <= value < 2**63
    if kind is datetime:
        return column.kind.startswith("timestamp") and value.tzinfo is UTC
    return kind is _TYPES.get(column.kind) and (kind is not str or _is_text(value))


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8, which half a surrogate pair cannot."""
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _as_arrow(column: Column, value: Any) -> Iterator[Any]:
    """The value as a column of one would read it; nothing where it does not."""
    if column.items is not None or column.fields:
        return
    import pyarrow as pa

    from .arrow import arrow_type
    from .reading import UnreadableError, read

    try:
        if type(value) is int and not -(2**63) <= value < 2**63 and column.kind.startswith(("double", "decimal", "string")):
            value = str(value)  # as JSON Lines give a number that no Arrow integer holds
        made, unread = read(pa.array([value.value if isinstance(value, Enum) else value]), arrow_type(column))
    except (UnreadableError, pa.ArrowException, TypeError, ValueError, OverflowError):
        return
    if unread is None:
        yield made[0].as_py()


def _wrong(kind: str, reason: str, place: Place, value: Any) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, "{reason}", {"reason": reason}), loc=place, input=value)
