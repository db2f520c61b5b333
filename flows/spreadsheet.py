"""Cells that a spreadsheet may open: what would run there as a formula is text, and reads back as it was."""

from __future__ import annotations

_RUNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'")  # the last, so that what is escaped can be told from what only looks so


def escaped(cell: str) -> str:
    """The cell with an apostrophe before what would start a formula (OWASP, CSV injection), or before an apostrophe."""
    return f"'{cell}" if cell.startswith(_RUNS) else cell


def plain(cell: str) -> str:
    """What `escaped` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RUNS) else cell
