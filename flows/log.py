"""`log`: a metric over the runs of a pipeline, with its intervals, so that one sees where the model got better and why."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline import LocalStore, UsageError
from pipeline.accept import acceptances
from pipeline.errors import bounded, suggest
from pipeline.history import Line, history

from .champions import champions
from .hints import command
from .lines import Cell, clipped, print_lines, terminal
from .tables import STYLE
from .tree import gates_cell

_WIDTH = 40  # characters of the common scale
_NARROW, _WIDE = 15, 140  # of it on a terminal of fewer columns than this: beside run, value and verdict
_WORDS = 60  # of why
_OTHERS = 3  # pipelines that are named


class Point(NamedTuple):
    """A run that has the metric.

    reigns: the places at which it stands among the champions, in the order in which they became it.  current: it is the champion now.
    """

    line: Line
    value: float
    low: float
    high: float
    reigns: tuple[int, ...]
    current: bool
    why: str

    @property
    def champion(self) -> bool:
        """It is, or was, what later runs were compared with."""
        return bool(self.reigns)

    @property
    def changed(self) -> str:
        """As `Line.told`."""
        return self.line.told


def show_log(
    store: LocalStore, pipeline: str | None, model: str | None, metric: str | None, plot: Path | None, *, as_json: bool
) -> None:
    """Print or draw the runs of a pipeline that have a metric. Raises UsageError for a model or a metric that none has."""
    if plot is not None and plot.suffix not in (".svg", ".html"):
        raise UsageError(f"--plot {bounded(str(plot))}: expected a file that ends in .svg or .html")
    lines = history(store)
    others: Counter[str] = Counter()
    if pipeline is None and lines:
        pipeline = lines[-1].pipeline
        others = Counter(line.pipeline for line in lines if line.pipeline != pipeline)
    lines = [line for line in lines if line.pipeline == pipeline]
    if pipeline is None or not lines:
        raise UsageError(
            f"no runs{f' of {pipeline!r}' if pipeline else ''} in {store.root}; next: {command(store, 'run', pipeline or 'docstrings')}"
        )
    model, metric = chosen(lines, model, metric)
    found = points(store, pipeline, lines, model, metric)
    if plot is not None:
        from .log_plot import write

        count = write(plot, found, pipeline, model, metric)
        told = sys.stderr if as_json else sys.stdout
        print(f"{count:,} of {len(found):,} runs drawn in {plot}", file=told)
    if as_json:
        _print_document(pipeline, model, metric, found)
    elif plot is None:
        _print(found, len(lines), pipeline, model, metric)
    if others:
        told = ", ".join(f"{name} ({count:,})" for name, count in others.most_common(_OTHERS))
        more = f" and {len(others) - _OTHERS} more pipelines" if len(others) > _OTHERS else ""
        print(f"also here, with so many runs: {told}{more}; {command(store, 'log', 'NAME')} shows one", file=sys.stderr)


def chosen(lines: Sequence[Line], model: str | None, metric: str | None) -> tuple[str, str]:
    """The model and metric to show: those named, else those by which the newest run that says so is judged. Raises UsageError."""
    pairs = next((pairs for line in reversed(lines) if (pairs := line.measured())), None)
    if pairs is None:
        raise UsageError(f"none of the {len(lines):,} runs of {lines[-1].pipeline!r} has evaluated a model")
    headline = next((line.headline for line in reversed(lines) if line.headline), [])
    order = next((line.models for line in reversed(lines) if line.models), [])
    model = model or (headline[0] if headline else order[-1] if order else pairs[-1][0])
    metrics = dict.fromkeys(name for of, name in pairs if of == model) or dict.fromkeys(
        name for line in lines for of, name in line.measured() if of == model
    )
    if not metrics:
        raise UsageError(
            f"no run of {lines[-1].pipeline!r} has a model {bounded(model)!r}; {suggest(model, {of for of, _ in pairs})}"
        )
    metric = metric or (headline[1] if headline and headline[1] in metrics else next(iter(metrics)))
    if all(line.metric(model, metric) is None for line in lines):
        raise UsageError(f"no run of {lines[-1].pipeline!r} has {bounded(metric)!r} of {model}; {suggest(metric, metrics)}")
    return model, metric


def points(store: LocalStore, pipeline: str, lines: Sequence[Line], model: str, metric: str) -> list[Point]:
    """The runs that have the metric, oldest first."""
    accepted = acceptances(store)
    current = store.ref(pipeline, "champion")
    reigns: dict[str, tuple[int, ...]] = {}
    mine = (one for many in accepted.values() for one in many if one.pipeline == pipeline)
    for place, run_id in enumerate(champions(lines, mine, current)):
        reigns[run_id] = (*reigns.get(run_id, ()), place)
    return [
        Point(
            line,
            *three,
            reigns=reigns.get(line.run_id, ()),
            current=line.run_id == current,
            why=next((one.why for one in reversed(accepted.get(line.run_id, [])) if one.why), ""),
        )
        for line in lines
        if (three := line.metric(model, metric)) is not None
    ]


def drawn(value: float, low: float, high: float, scale: tuple[float, float], mark: str = "●", width: int = _WIDTH) -> str:
    """An interval on a scale: `····├──●───┤····`."""
    least, most = scale
    left, at, right = (
        round((x - least) / (most - least) * (width - 1)) if most > least else width // 2 for x in (low, value, high)
    )
    cells = ["·"] * width
    cells[left : right + 1] = "─" * (right - left + 1)
    cells[left], cells[right] = "├", "┤"
    cells[at] = mark
    return "".join(cells)


def _print(found: Sequence[Point], runs: int, pipeline: str, model: str, metric: str) -> None:
    scale = min(min(one.low, one.value) for one in found), max(max(one.high, one.value) for one in found)
    room = terminal()
    width = _NARROW if room is not None and room < _WIDE else _WIDTH
    print(clipped(f"{metric} of {model} in {pipeline}, from {scale[0]:.4g} to {scale[1]:.4g}", room or sys.maxsize))
    rows: list[Sequence[Cell]] = [[(word, "bold") for word in ("  run", "value [95%]", "", "verdict", "gates", "changed", "")]]
    for one in found:
        line, mark = one.line, "●" if one.current else "◆" if one.champion else "○"
        told = ["champion" if one.current else "was champion"] if one.champion else []
        told += [bounded(one.why, _WORDS)] if one.why else []
        rows.append(
            [
                (f"{mark} {line.run_id}", "bold yellow" if one.current else ""),
                (f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]", ""),
                (drawn(one.value, one.low, one.high, scale, mark, width), "bold yellow" if one.champion else "cyan"),
                (line.verdict or "", STYLE.get(line.verdict or "", "")),
                gates_cell(line),
                (one.changed, ""),
                (": ".join(told), "bold yellow" if one.current else "dim"),
            ]
        )
    print_lines(rows)
    if len(found) < runs:
        print(
            f"{runs - len(found):,} of {runs:,} runs have no {metric} of {model}: they failed, were blocked, or were of a part"
        )


def _print_document(pipeline: str, model: str, metric: str, found: Sequence[Point]) -> None:
    runs = [
        {
            "run_id": one.line.run_id,
            "started": one.line.started,
            "seconds": one.line.seconds,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "against": one.line.against,
            "verdict": one.line.verdict,
            "champion": one.champion,
            "current": one.current,
            "changed": one.changed,
            "unmet": one.line.unmet,
            "why": one.why,
        }
        for one in found
    ]
    json.dump({"pipeline": pipeline, "model": model, "metric": metric, "runs": runs}, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
