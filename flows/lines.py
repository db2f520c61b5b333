"""Lines for people, thousands of them: columns and colours without rich's tables, which take a millisecond a row."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.console import COLOR_SYSTEMS
from rich.style import Style

from .show import console

Cell = tuple[str, str]  # (text, style of rich)


def print_lines(rows: Sequence[Sequence[Cell]], right: Collection[int] = ()) -> None:
    """Print rows of as many cells each, a column as wide as its widest cell; right: the columns that are flush right."""
    widths = [max(cell_len(text) for text, _ in column) for column in zip(*rows, strict=True)]
    shown = console()
    colours = COLOR_SYSTEMS[shown.color_system] if shown.color_system and not shown.no_color else None
    styles = {style: Style.parse(style) for row in rows for _, style in row if style}
    for row in rows:
        cells = []
        for i, (text, style) in enumerate(row):
            painted = styles[style].render(text, color_system=colours) if style and colours else text
            space = " " * (widths[i] - cell_len(text))
            cells.append(space + painted if i in right else painted + space)
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
