"""Warn: what a person should look at before anybody trains on the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import bounded

if TYPE_CHECKING:
    from .decide import Decision
    from .look import Look
    from .survey import Survey

_MUCH = 0.3  # of the rows
_SHOWN = 5  # of a list
_PARTS = {"train", "training", "valid", "validation", "val", "dev", "test", "testing", "eval", "holdout"}


def warnings(found: Survey, looked: Look, decided: Decision) -> list[str]:
    """A line for each thing that is likely not meant."""
    return [line for line in (_lost(found), _lacking(decided), _alike(found), *_published(looked)) if line]


def _lost(found: Survey) -> str:
    lost = found.rows - found.left
    if lost <= _MUCH * found.rows:
        return ""
    reasons = found.away + found.cleaned
    reasons["text", "repeats an earlier text"] += found.repeats
    (column, rule), count = reasons.most_common(1)[0]
    why = f"{column}: {rule}" if column else rule
    return (
        f"{lost:,} of {found.rows:,} rows ({lost / found.rows:.0%}) are lost, {count:,} of them because of {bounded(why, 80)}"
    )


def _lacking(decided: Decision) -> str:
    if not decided.lacking:
        return ""
    shown = ", ".join(f"{bounded(label, 40)} in {part}" for part, label in decided.lacking[:_SHOWN])
    more = f" and {len(decided.lacking) - _SHOWN:,} more" if len(decided.lacking) > _SHOWN else ""
    return f"no split has every label in training and test, and no metric tells of those that lack: {shown}{more}; they are rare, or one group's"


def _alike(found: Survey) -> str:
    """Labels that are one when case does not count."""
    classes: dict[str, list[str]] = {}
    for label in sorted(found.labels):
        classes.setdefault(label.strip().casefold(), []).append(label)
    alike = [", ".join(bounded(label, 40) for label in labels) for labels in classes.values() if len(labels) > 1]
    return f"labels that differ only in case are classes of their own: {'; '.join(alike[:_SHOWN])}" if alike else ""


def _published(looked: Look) -> list[str]:
    """Columns that say which part of the data a row belongs to."""
    return [
        f"the column {bounded(column.name, 40)} seems to name parts of the data ({', '.join(sorted(column.values))}); "
        f"it is not used, and the rows are split anew"
        for column in looked.columns
        if not column.role and column.values and len(column.values) > 1 and set(map(str.casefold, column.values)) <= _PARTS
    ]
