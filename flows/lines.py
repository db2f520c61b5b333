"""Lines for people, thousands of them: columns and colours without rich's tables, which take a millisecond a row."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import COLOR_SYSTEMS
from rich.style import Style

from .show import console

Cell = tuple[str, str]  # (text, style of rich)


def print_lines(rows: Sequence[Sequence[Cell]], right: Collection[int] = (), spare: Collection[int] = ()) -> None:
    """Print rows of as many cells each, a column as wide as its widest cell; right: the columns that are flush right.

    A terminal that is too narrow goes without those in `spare`, and its lines end where it ends: wrapped ones are no columns.
    """
    widths = [max(cell_len(text) for text, _ in column) for column in zip(*rows, strict=True)]
    columns, room = list(range(len(widths))), terminal()
    if room is not None and sum(widths) + 2 * len(widths) - 2 > room:
        columns = [i for i in columns if i not in spare]
    shown = console()
    colours = COLOR_SYSTEMS[shown.color_system] if shown.color_system and not shown.no_color else None
    styles = {style: Style.parse(style) for row in rows for _, style in row if style}
    for row in rows:
        cells, left = [], room
        for i in columns:
            text, style = row[i]
            space = " " * (widths[i] - cell_len(text))
            if left is not None:
                text = clipped(text, left - (len(space) if i in right else 0))
                left -= widths[i] + 2
            painted = styles[style].render(text, color_system=colours) if style and colours else text
            cells.append(space + painted if i in right else painted + space)
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def terminal() -> int | None:
    """Columns of the terminal that standard output is; None where it is a file or another program."""
    return console().width if sys.stdout.isatty() else None


def clipped(text: str, width: int) -> str:
    """A text that ends after so many columns, with `…` where it goes on."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1).rstrip()}…" if width > 0 else ""
