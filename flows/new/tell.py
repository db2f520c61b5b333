"""Tell: what was found in the data, what was decided and why, and what to type next."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from pipeline import LocalStore
from pipeline.errors import bounded

from ..hints import command
from ..tables import grid_of
from .look import SAMPLE

if TYPE_CHECKING:
    from .look import Look
    from .survey import Reasons, Survey

_SHOWN = 12  # lines of a list


def document(
    name: str, data: str, found: Look, read: Survey, decided: list[str], files: list[str], store: LocalStore, warned: list[str]
) -> dict[str, Any]:
    """What `new --json` prints."""
    return {
        "package": name,
        "data": data,
        "rows": read.rows,
        "sample": found.rows,
        "left": read.left,
        "columns": [
            {"column": c.name, "field": c.field, "role": c.role, "type": c.annotation(), "missing": c.missing, "seen": c.seen()}
            for c in read.columns
        ],
        "left_out": found.left_out,
        "labels": dict(read.labels.most_common()),
        "quarantined": [
            *_reasons("raw", read.away),
            *_reasons("clean", read.cleaned),
            *_reasons("unique", Counter({("text", "repeats an earlier text"): read.repeats})),
        ],
        "conflicts": read.conflicts,
        "decided": decided,
        "warnings": warned,
        "files": [f"{name}/{file}" for file in files],
        "next": [
            *([f"pytest {name}"] if find_spec("pytest") else []),
            command(store, "validate", f"{name}.flow:{name}"),
            command(store, "run", f"{name}.flow:{name}"),
        ],
    }


def view(told: dict[str, Any]) -> RenderableType:
    """The same for people."""
    columns = grid_of("column", "in the Record", "type", "what was seen")
    for one in told["columns"]:
        columns.add_row(
            escape(bounded(one["column"], 30)),
            f"[bold]{one['field']}[/]" if one["role"] else one["field"],
            escape(bounded(one["type"], 40)),
            escape(bounded(one["seen"], 70)),
        )
    sample = f" (types guessed from the first {told['sample']:,})" if told["sample"] >= SAMPLE else ""
    parts: list[RenderableType] = [
        Text.assemble((f"{bounded(told['data'], 60)}: ", "bold"), f"{told['rows']:,} rows{sample}"),
        columns,
    ]
    parts += [Text(f"  left out: {line}", style="dim") for line in _left_out(told["left_out"])]
    if told["quarantined"]:
        away = grid_of("will be quarantined", ">rows", "at step")
        for one in told["quarantined"][:_SHOWN]:
            away.add_row(escape(bounded(f"{one['column']} {one['rule']}".strip(), 90)), f"{one['rows']:,}", one["step"])
        parts.append(away)
    parts.append(Text(f"{told['left']:,} rows are left, of {len(told['labels']):,} labels"))
    parts += [Text(f"  · {why}") for why in told["decided"]]
    if told["conflicts"]:
        parts.append(
            Text(
                f"  · {told['conflicts']:,} rows have a text that stands under more than one label; the first of each counts",
                "yellow",
            )
        )
    parts += [Text(f"  ! {line}", "bold red") for line in told["warnings"]]
    parts.append(Text.assemble("\nwritten: ", (" ".join(told["files"]), "green")))
    parts += [
        Text(f"{word} {line}", style="dim") for word, line in zip(("next:", "     ", "     "), told["next"], strict=False)
    ]
    return Group(*parts)


def _reasons(step: str, reasons: Reasons) -> list[dict[str, Any]]:
    return [
        {"step": step, "column": column, "rule": bounded(rule, 100), "rows": count}
        for (column, rule), count in reasons.most_common()
        if count
    ]


def _left_out(columns: dict[str, str]) -> list[str]:
    """A line a reason."""
    by_reason: dict[str, list[str]] = {}
    for column, why in columns.items():
        by_reason.setdefault(why, []).append(bounded(column or '""', 30))
    return [
        f"{', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN:,} more' if len(names) > _SHOWN else ''}, since it {why}"
        for why, names in by_reason.items()
    ]
