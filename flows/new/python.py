"""Python as a person writes it: values as literals, and calls cut into lines as the formatter of the project cuts them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 128


@dataclass(frozen=True)
class Call:
    """What stands between brackets: `Step("raw", ...)`, `("a", "b")`, `{"text": "v2"}`. head: what is before the opening one."""

    head: str
    items: tuple[Code, ...]
    brackets: str = "()"


@dataclass(frozen=True)
class Named:
    """`name=value`, or with another sign between them `"name": value`."""

    name: str
    value: Code
    sign: str = "="


Code = str | Call | Named


def call(head: str, *items: Code, **named: Code) -> Call:
    """`head(items, name=item)`."""
    return Call(head, (*items, *(Named(name, value) for name, value in named.items())))


def several(items: Sequence[Code]) -> Call:
    """A tuple."""
    return Call("", tuple(items))


def mapping(items: Mapping[str, str | Call]) -> Call:
    """A dictionary whose values are texts, or code."""
    values = ((name, literal(value) if isinstance(value, str) else value) for name, value in items.items())
    return Call("", tuple(Named(literal(name), value, ": ") for name, value in values), "{}")


def layout(code: Code, before: str = "", after: str = "", indent: int = 0) -> str:
    """The code in one line where it fits, else an item a line, as ruff's formatter would have it."""
    line = f"{' ' * indent}{before}{_flat(code)}{after}"
    if len(line) <= WIDTH or isinstance(code, str):
        return line
    if isinstance(code, Named):
        return layout(code.value, f"{before}{code.name}{code.sign}", after, indent)
    inner = "\n".join(layout(item, "", ",", indent + 4) for item in code.items)
    return f"{' ' * indent}{before}{code.head}{code.brackets[0]}\n{inner}\n{' ' * indent}{code.brackets[1]}{after}"


def literal(value: Any) -> str:
    """A value as Python source, whatever it holds: what does not print is escaped, quotes are double where that is shorter.

    Raises TypeError for what has no literal.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        inner = ", ".join(literal(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise TypeError(f"{type(value).__name__} has no literal")


def comment(text: str, indent: int = 4) -> str:
    """A comment of one line, whatever the text holds."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    room = WIDTH - indent - 2
    return f"{' ' * indent}# {shown if len(shown) <= room else shown[: room - 3] + '...'}"


def _text(value: str) -> str:
    quoted = repr(value)
    if quoted[0] == "'" and value.count('"') <= value.count("'"):
        body = quoted[1:-1].replace("\\'", "'").replace('"', '\\"')
        return f'"{body}"'
    return quoted


def _flat(code: Code) -> str:
    if isinstance(code, str):
        return code
    if isinstance(code, Named):
        return f"{code.name}{code.sign}{_flat(code.value)}"
    inner = ", ".join(map(_flat, code.items))
    comma = "," if not code.head and code.brackets == "()" and len(code.items) == 1 else ""
    return f"{code.head}{code.brackets[0]}{inner}{comma}{code.brackets[1]}"
