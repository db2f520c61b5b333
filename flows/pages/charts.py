"""The charts of a page, each from a piece of a profile; all in one theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
from markupsafe import Markup

from .theme import SERIES, svg
from .words import shown

_WIDTH, _HEIGHT = 280, 140
_BAR = 20  # pixels a bar
_LABELS = 20


def histogram(found: dict[str, Any], title: str, *, time: bool = False) -> Markup:
    """Bars over the edges of a histogram. title: of the axis of values."""
    edges = found["edges"]
    if not time and edges[1] - edges[0] == 1 and all(isinstance(edge, int) for edge in edges):
        edges = [edge - 0.5 for edge in edges]  # a bar stands over its one value
    bins = zip(edges[:-1], edges[1:], found["counts"], strict=True)
    rows = [{"low": low, "high": high, "rows": rows} for low, high, rows in bins]
    kind: Any = "temporal" if time else "quantitative"
    axis = alt.Axis(title=shown(title, 60), labelAngle=0, tickCount=4 if time else 5)
    scale = alt.Scale(type="utc") if time else alt.Scale(zero=False, nice=False)
    return svg(
        alt.Chart(_data(rows), width=_WIDTH, height=_HEIGHT)
        .mark_bar(orient="vertical", binSpacing=1)
        .encode(
            x=alt.X("low", type=kind, scale=scale, axis=axis),
            x2="high",
            y=alt.Y("rows", type="quantitative", axis=_above("rows", format=",.0f", tickMinStep=1, tickCount=4)),
            y2=alt.datum(0),
        )
    )


def bars(found: Sequence[tuple[str, int]], value_title: str, *, words: int = 135) -> Markup:
    """Horizontal bars with their counts, in the order given. words: pixels that a value may take."""
    rows = [{"value": shown(value, 80), "rows": count} for value, count in found]
    most = max(count for _, count in found)
    base = alt.Chart(_data(rows), width=_WIDTH - 80, height=alt.Step(_BAR)).encode(
        y=alt.Y(
            "value", type="nominal", sort=None, axis=_above(shown(value_title, 60), ticks=False, domain=False, labelLimit=words)
        ),
        x=alt.X(
            "rows",
            type="quantitative",
            title="rows",
            scale=alt.Scale(domain=[0, most * 1.25], nice=False),
            axis=alt.Axis(format=",.0f", tickMinStep=1, tickCount=3),
        ),
    )
    numbers = base.mark_text(align="left", dx=4).encode(text=alt.Text("rows", type="quantitative", format=",.0f"))
    return svg(base.mark_bar() + numbers)


def balance(found: dict[str, Any]) -> Markup:
    """The share of each label: of all rows, or of each split beside the others."""
    counts = found["counts"]
    kept = list(dict.fromkeys(entry["label"] for entry in counts))[:_LABELS]
    if found["by"] is None:
        return bars([(entry["label"], entry["count"]) for entry in counts if entry["label"] in kept], found["column"])
    totals: dict[Any, int] = {}
    for entry in counts:
        totals[entry["split"]] = totals.get(entry["split"], 0) + entry["count"]
    splits = [shown(name, 30) for name in sorted(totals, key=lambda name: (-totals[name], str(name)))]
    rows = [
        {"label": shown(e["label"], 80), "split": shown(e["split"], 30), "share": e["count"] / totals[e["split"]]}
        for e in counts
        if e["label"] in kept
    ]
    offset = alt.YOffset("split", type="nominal", sort=splits)
    colour = alt.Color("split", type="nominal", sort=splits, title=found["by"])
    return svg(
        alt.Chart(_data(rows), width=_WIDTH, height=alt.Step(8))
        .mark_bar()
        .encode(
            y=alt.Y("label", type="nominal", sort=None, axis=_above(found["column"], ticks=False, domain=False)),
            yOffset=offset,
            x=alt.X("share", type="quantitative", title="share of the rows of its split", axis=alt.Axis(format=".0%")),
            color=colour,
        )
    )


def associations(found: dict[str, Any]) -> Markup:
    """A square a pair of columns, the stronger the fuller, with its value."""
    order = [shown(name, 40) for name in found["columns"]]
    place = {name: position for position, name in enumerate(order)}
    rows = []
    for pair in found["pairs"]:
        a, b = sorted((shown(pair["a"], 40), shown(pair["b"], 40)), key=lambda name: place[name])
        rows.append({"a": a, "b": b, "value": pair["value"]})
    axis = alt.Axis(ticks=False, domain=False, labelOverlap=False)
    slanted = alt.Axis(ticks=False, domain=False, labelOverlap=False, labelAngle=-60)
    base = alt.Chart(_data(rows), width=alt.Step(38), height=alt.Step(26)).encode(
        x=alt.X("a", type="nominal", sort=order, title=None, axis=slanted),
        y=alt.Y("b", type="nominal", sort=order, title=None, axis=axis),
    )
    squares = base.mark_rect(fill=SERIES).encode(
        fillOpacity=alt.FillOpacity("value", type="quantitative", scale=alt.Scale(domain=[0, 1], range=[0.05, 1]), legend=None)
    )
    full = alt.condition(alt.datum.value > 0.55, alt.value("var(--paper)"), alt.value("var(--ink)"))
    numbers = base.mark_text(fontSize=11).encode(text=alt.Text("value", type="quantitative", format=".2f"), color=full)
    return svg(squares + numbers)


def _above(title: str, **more: Any) -> alt.Axis:
    """An axis of y with its title written level, above it, where it can be read."""
    return alt.Axis(title=title, titleAngle=0, titleAlign="right", titleAnchor="end", titleX=-6, titleY=-10, **more)


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=rows)
