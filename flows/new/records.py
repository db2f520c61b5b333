"""The text of records.py: the contract of a row, with what was seen of each column beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import bounded

from .names import class_name
from .python import Call, comment, layout, literal

if TYPE_CHECKING:
    from .survey import Survey


def records(name: str, found: Survey) -> str:
    """The module: the Record of the file, and the one with the split."""
    row = f"{class_name(name)}Row"
    own_id = found.column("id") is not None
    body = "\n".join(_field(found, column.field) for column in found.columns)
    identity = "" if own_id else f"{comment('a digest of the text: no column of the data is an id')}\n    id: str\n\n"
    override = "" if own_id else f"{comment('of the rows that repeat a text, one is left')}\n    id: Annotated[str, Key()]\n\n"
    text = f'''

class {row}(Record):
    """A row of the data, under the names that the stages know.

    A row that breaks one of these rules is quarantined with the reason, and the others go on.
    """

{identity}{body}

class Split{row}({row}):
    """A row with the part of the data that it belongs to; rows of one group share a part."""

{override}    split: Literal["train", "valid", "test"]
    group: str
'''
    label = found.column("label")
    alias = ""
    if label is not None and label.closed:
        alias = f"\n{layout(Call('Literal', tuple(map(literal, label.closed)), '[]'), before='Label = ')}\n"
    return _head(found, alias + text)


def _field(found: Survey, field: str) -> str:
    column = next(column for column in found.columns if column.field == field)
    named = "" if column.name == column.field else f"the column {literal(bounded(column.name, 60))}"
    said = comment(": ".join(filter(None, [named, column.seen()])))
    return f"{said}\n    {field}: {column.annotation()}\n" if said.strip() != "#" else f"    {field}: {column.annotation()}\n"


def _head(found: Survey, body: str) -> str:
    """The docstring and the imports that the body needs."""
    annotations = " ".join(column.annotation() for column in found.columns)
    days = [name for name in ("date", "datetime") if f"{name} " in f"{annotations} "]
    days = [name for name in days if any(column.kind == name for column in found.columns)]
    typing = ["Annotated", "Literal"] if "Annotated[" in body else ["Literal"]
    lines = ["from __future__ import annotations\n"]
    standard = [f"from datetime import {', '.join(days)}"] if days else []
    standard += ["from decimal import Decimal"] if any(column.kind == "Decimal" for column in found.columns) else []
    lines += [*standard, f"from typing import {', '.join(typing)}\n"]
    if "Field(" in body:
        lines.append("from pydantic import Field\n")
    lines.append(f"from schemas import {'Key, ' if 'Key()' in body else ''}Record")
    return f'"""What holds of every row."""\n\n{chr(10).join(lines)}\n{body}'
