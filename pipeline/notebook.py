"""What notebooks show of a run, of a difference and of a Diff: a few lines of HTML, without script, in the page's own colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from .digest import Json
from .errors import bounded
from .headline import gate_words, headline, interval, verdict

if TYPE_CHECKING:
    from .record import Difference, RunRecord

_ROWS = 12  # of each table, and columns
_COLOURS = {"better": "#1a7f37", "worse": "#cf222e", "failed": "#cf222e", "blocked": "#cf222e"}


def run_html(record: RunRecord) -> str:
    """Verdict, metrics and gates of a run."""
    told = [_line(headline(record), _colour(record)), _small(f"{record.pipeline} {record.status}, run {record.run_id}")]
    measured = dict.fromkeys(name for found in record.metrics.values() for name in found)
    names = [name for name in record.main or measured if name in measured][:_ROWS]
    rows = [[model, *(_interval(found.get(name)) for name in names)] for model, found in record.metrics.items()]
    told += [_table(["model", *names], rows)] if names else []
    told += [_small(line) for line in record.keep]
    told += _gates([(gate_words(gate), gate.passed) for gate in record.gates])
    told += [_small(f"overridden: {check}: {why}") for check, why in record.overrides.items()]
    return _box(told)


def difference_html(found: Difference) -> str:
    """How a run stands against an earlier one, a row a model and metric."""
    rows = [
        [str(one.get("model", "")), str(one.get("metric", "")), _delta(one), str(one.get("verdict") or "")]
        for one in found.details
    ]
    table = [_table(["model", "metric", "difference [95%]", "verdict"], rows)] if rows else []
    return _box([_line(verdict(found), _COLOURS.get(found.verdict or "", "")), *table])


def diff_html(facts: Mapping[str, Json]) -> str:
    """The headline of a diff document: whether the runs can be compared, the verdict, the metrics of each model, the gates."""
    said, comparable = facts.get("verdict") or "no verdict", facts.get("comparable", {})
    told = [_line(f"{said} against {facts.get('before', 'the earlier run')}", _COLOURS.get(said, ""))]
    if comparable.get("status", "yes") != "yes":
        reasons = "; ".join(map(str, comparable.get("reasons", ())))
        told.append(_small(f"comparable: {comparable['status']}: {reasons}"))
    rows = [
        [name, metric, _delta(one), str(one.get("verdict") or one.get("reason") or one.get("status") or "")]
        for name, model in facts.get("models", {}).items()
        for metric, one in model.get("metrics", {}).items()
    ]
    told += [_table(["model", "metric", "difference [95%]", "verdict"], rows)] if rows else []
    gates = [
        (f"{one.get('gate', '')} {one.get('slice', '')}: {one.get('status', '')}", one.get("status") == "passed")
        for one in facts.get("gates", ())
    ]
    return _box([*told, *_gates(gates)])


def _colour(record: RunRecord) -> str:
    unmet = any(not gate.passed for gate in record.gates)
    return _COLOURS["failed"] if unmet else _COLOURS.get(record.status, _COLOURS.get(record.diff.verdict or "", ""))


def _interval(found: Mapping[str, float] | None) -> str:
    return interval(found) if found and all(found.get(name) is not None for name in ("value", "low", "high")) else ""


def _delta(one: Mapping[str, Any]) -> str:
    told = [one.get(name) for name in ("delta", "low", "high")]
    if not all(isinstance(value, int | float) for value in told):
        return ""
    return f"{told[0]:+.3f} [{told[1]:+.3f}, {told[2]:+.3f}]"


def _gates(gates: Sequence[tuple[str, bool]]) -> list[str]:
    """Those that are not met first."""
    ordered = sorted(gates, key=lambda gate: gate[1])
    more = [_small(f"... and {len(ordered) - _ROWS} more gates")] if len(ordered) > _ROWS else []
    return [_small(f"{'✓' if passed else '✗'} {words}") for words, passed in ordered[:_ROWS]] + more


def _box(lines: Iterable[str]) -> str:
    return f'<div class="brickwise" style="color: inherit">{"".join(lines)}</div>'


def _line(text: str, colour: str) -> str:
    style = f' style="border-left: 4px solid {colour}; padding-left: 8px"' if colour else ""  # the text keeps the page's colour
    return f'<p dir="auto"{style}><strong>{_text(text)}</strong></p>'


def _small(text: str) -> str:
    return f'<p dir="auto" style="opacity: 0.8; margin: 0">{_text(text)}</p>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{_text(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(f'<td><bdi>{_text(cell)}</bdi></td>' for cell in row)}</tr>" for row in rows[:_ROWS])
    more = _small(f"... and {len(rows) - _ROWS} more rows") if len(rows) > _ROWS else ""
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>{more}"


def _text(text: str) -> str:
    """Escaped and bounded; characters that cannot be seen, such as those that turn the direction, as escapes."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in bounded(text, 200))
    return escape(shown)
