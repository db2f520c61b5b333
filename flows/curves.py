"""Curves: loss, metric and gradient of a training, as one picture."""

from __future__ import annotations

from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.parquet as pq
import vl_convert as vlc

from pipeline import Report

_POINTS = 300  # a curve of more steps is drawn through the means of as many stretches
_WIDTH, _HEIGHT = 320, 150
_FEW = 40  # points that are drawn each


def draw(log: Report) -> str:
    """An SVG of four charts, of a training log as `stages.train.log` makes it."""
    epochs, metric = log.facts["epochs"], log.facts["metric"]
    thin = _thinned(pq.read_table(pa.BufferReader(log.read("steps.parquet"))))
    losses = [
        {"epoch": one["epoch"], "rows": rows, "loss": one[f"{rows}_loss"]} for one in epochs for rows in ("train", "valid")
    ]
    chosen = [{"epoch": one["epoch"], "value": one[f"valid_{metric}"]} for one in epochs]
    rows = alt.Color("rows:N", title=None, legend=alt.Legend(orient="top", offset=0))
    charts = (
        _line(losses, "epoch", "loss", "mean loss of an epoch").encode(color=rows),
        _line(chosen, "epoch", "value", f"validation {metric.replace('_', ' ')}"),
        _line(thin, "step", "loss", "loss of a step"),
        _line(thin, "step", "norm", "norm of the gradient", scale=alt.Scale(type="log")),
    )
    pairs = [alt.hconcat(*pair).resolve_legend(color="independent") for pair in (charts[:2], charts[2:])]
    sheet = alt.vconcat(*pairs).resolve_legend(color="independent")
    return vlc.vegalite_to_svg(sheet.to_json())


def _line(rows: list[dict[str, Any]], x: str, y: str, title: str, *, scale: Any = None) -> alt.Chart:
    chart: alt.Chart = alt.Chart(alt.InlineData(values=rows), title=title, width=_WIDTH, height=_HEIGHT)
    across = alt.X(f"{x}:Q", title=x, axis=alt.Axis(tickMinStep=1, format=",.0f"), scale=alt.Scale(zero=False))
    up = alt.Y(f"{y}:Q", title=None, scale=scale or alt.Scale(zero=False))
    drawn: alt.Chart = chart.mark_line(point=len(rows) < _FEW, strokeWidth=1.5).encode(x=across, y=up)
    return drawn


def _thinned(steps: pa.Table) -> list[dict[str, float]]:
    """At most so many rows, each the mean of a stretch."""
    stretch = -(-steps.num_rows // _POINTS)
    rows = steps.to_pylist()
    parts = [rows[start : start + stretch] for start in range(0, len(rows), stretch)]
    return [{name: sum(row[name] for row in part) / len(part) for name in rows[0]} for part in parts]
