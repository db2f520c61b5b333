"""Curves: loss, metric, gradient and rate of a training, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

_POINTS = 300  # a curve of more steps is drawn through the means of as many stretches
_WIDTH, _HEIGHT = 320, 150


def draw(steps: pa.Table, epochs: Sequence[dict[str, float]], metric: str) -> str:
    """An SVG of four charts. steps: step, loss, norm, rate; epochs: epoch, train_loss, valid_loss, valid_<metric>."""
    import altair as alt
    import vl_convert as vlc

    thin = _thinned(steps)
    both = [{"epoch": one["epoch"], "rows": rows, "loss": one[f"{rows}_loss"]} for one in epochs for rows in ("train", "valid")]
    chosen = [{"epoch": one["epoch"], metric: one[f"valid_{metric}"]} for one in epochs]

    def line(rows: list[dict[str, Any]], x: str, y: str, title: str, *, log: bool = False, **more: Any) -> alt.Chart:
        mark = alt.Chart(alt.Data(values=rows), title=title, width=_WIDTH, height=_HEIGHT)
        scale = alt.Scale(type="log") if log else alt.Scale(zero=False)
        marked = mark.mark_line(point=len(rows) < 40, strokeWidth=1.5)
        return marked.encode(
            x=alt.X(f"{x}:Q", title=x, axis=alt.Axis(tickMinStep=1)), y=alt.Y(f"{y}:Q", title=None, scale=scale), **more
        )

    colour = {"color": alt.Color("rows:N", title=None, legend=alt.Legend(orient="top-right"))}
    charts = [
        line(both, "epoch", "loss", "mean loss of an epoch", **colour),
        line(chosen, "epoch", metric, f"validation {metric.replace('_', ' ')}"),
        line(thin, "step", "loss", "loss of a step"),
        line(thin, "step", "norm", "norm of the gradient", log=True),
    ]
    lines = [alt.hconcat(*pair).resolve_legend(color="independent") for pair in (charts[:2], charts[2:])]
    sheet = alt.vconcat(*lines).resolve_legend(color="independent")
    return vlc.vegalite_to_svg(sheet.to_json())  # type: ignore[no-any-return]  # it ships no types


def _thinned(steps: pa.Table) -> list[dict[str, float]]:
    """At most so many rows, each the mean of a stretch."""
    stretch = -(-steps.num_rows // _POINTS)
    rows = steps.to_pylist()
    parts = [rows[start : start + stretch] for start in range(0, len(rows), stretch)]
    return [{name: sum(row[name] for row in part) / len(part) for name in rows[0]} for part in parts]
