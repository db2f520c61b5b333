"""The charts of a report that are more than an interval, in the theme of all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from markupsafe import Markup

from ..pages.theme import SERIES, svg
from ..pages.words import shown
from .estimates import named

_WIDTH, _HEIGHT = 300, 190
_SQUARE = 260
_NAMES = 24  # characters of a class beside a heat map

_SHADES = {"training": "var(--c2)", "validation": "var(--c1)"}


def reliability(points: Sequence[Mapping[str, Any]]) -> Markup:
    """What share was right among answers of a confidence; on the diagonal a model is as right as it says."""
    rows = [
        {"confidence": one["confidence"], "accuracy": one["accuracy"], "low": one.get("accuracy_low"), "high": one.get("accuracy_high"), "n": one.get("n", 1)}
        for one in points
        if one.get("accuracy") is not None
    ]  # fmt: skip
    full = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(_data(rows), width=_SQUARE, height=_SQUARE).encode(
        x=alt.X("confidence", type="quantitative", scale=full, axis=alt.Axis(title="confidence", format=".0%", tickCount=4)),
        y=alt.Y("accuracy", type="quantitative", scale=full, axis=alt.Axis(title=None, format=".0%", tickCount=4, grid=True)),
    )
    even = [{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]
    diagonal = base.mark_line(stroke="var(--dim)", strokeDash=[4, 4], strokeWidth=1).properties(data=_data(even))
    layers = [diagonal]
    if any(one["low"] is not None and one["high"] is not None for one in rows):
        spans = base.mark_rule(stroke=SERIES, strokeWidth=2, opacity=0.55)
        layers.append(spans.encode(y=alt.Y("low", type="quantitative", scale=full), y2="high"))
    size = alt.Size("n", type="quantitative", scale=alt.Scale(range=[25, 180]), legend=None)
    return svg(alt.layer(*layers, base.mark_circle(color=SERIES, opacity=1).encode(size=size)))


def risk_coverage(curve: Sequence[Mapping[str, Any]]) -> Markup:
    """How often a model is wrong when it answers only the share of rows that it is surest of."""
    rows = [{"coverage": one["coverage"], "risk": one["risk"]} for one in curve if one.get("risk") is not None]
    return svg(
        alt.Chart(_data(rows), width=_SQUARE, height=_SQUARE)
        .mark_line(color=SERIES, strokeWidth=2)
        .encode(
            x=alt.X("coverage", type="quantitative", scale=alt.Scale(domain=[0, 1]),
                    axis=alt.Axis(title="rows answered", format=".0%", tickCount=4)),
            y=alt.Y("risk", type="quantitative", scale=alt.Scale(zero=True),
                    axis=alt.Axis(title=None, format=".0%", tickCount=4, grid=True)),
        )
    )  # fmt: skip


def confusion(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> Markup:
    """A square a pair: the share of the rows of a true class (a line) that were taken for a class (a column)."""
    names = _short(classes)
    rows = []
    for truth, line in zip(names, counts, strict=True):
        whole = sum(line)
        cells = zip(names, line, strict=True)
        rows += [{"truth": truth, "said": said, "share": n / whole, "n": n} for said, n in cells if whole and n]
    size = 24 if len(names) > 12 else 30
    across = alt.Axis(title=None, orient="top", labelAngle=-60, ticks=False, domain=False, labelOverlap=False)
    down = alt.Axis(title=None, ticks=False, domain=False, labelOverlap=False)
    base = alt.Chart(_data(rows), width=alt.Step(size), height=alt.Step(size)).encode(
        x=alt.X("said", type="nominal", scale=alt.Scale(domain=names), axis=across),
        y=alt.Y("truth", type="nominal", scale=alt.Scale(domain=names), axis=down),
    )
    wrong = alt.condition(alt.datum.truth == alt.datum.said, alt.value(SERIES), alt.value("var(--c2)"))
    squares = base.mark_rect(cornerRadius=2).encode(
        fill=wrong, fillOpacity=alt.FillOpacity("share", type="quantitative", scale=alt.Scale(domain=[0, 1], range=[0.06, 1]), legend=None)
    )  # fmt: skip
    ink = alt.condition(alt.datum.share > 0.6, alt.value("var(--paper)"), alt.value("var(--ink)"))
    text = base.transform_filter(alt.datum.share >= 0.02).transform_calculate(percent="round(100 * datum.share)")
    return svg(squares + text.mark_text(fontSize=10).encode(text=alt.Text("percent", type="quantitative"), color=ink))


def learning(epochs: Sequence[Mapping[str, Any]], best: int | None, metric: str) -> tuple[Markup, Markup | None]:
    """Loss of training and validation rows by epoch; and the metric that chose the best one, where it was measured."""
    losses = [
        {"epoch": one["epoch"], "rows": said, "value": one[key]}
        for one in epochs
        for said, key in (("training", "train_loss"), ("validation", "valid_loss"))
        if one.get(key) is not None
    ]
    key = f"valid_{metric}"
    chosen = [{"epoch": one["epoch"], "rows": "validation", "value": one[key]} for one in epochs if one.get(key) is not None]
    return _curve(losses, best, "loss"), _curve(chosen, best, named(metric)) if chosen and key != "valid_loss" else None


def _curve(rows: list[dict[str, Any]], best: int | None, title: str) -> Markup:
    most = max(one["epoch"] for one in rows)
    shades = {name: shade for name, shade in _SHADES.items() if any(one["rows"] == name for one in rows)}
    step = -(-most // 8)
    axis = alt.Axis(
        title="epoch", format=",.0f", labelOverlap=False, values=[*range(1, most + 1, step)]
    )  # ticks between would be rounded
    base = alt.Chart(_data(rows), width=_WIDTH, height=_HEIGHT).encode(
        x=alt.X("epoch", type="quantitative", scale=alt.Scale(zero=False, nice=False, padding=8), axis=axis),
        y=alt.Y("value", type="quantitative", scale=alt.Scale(zero=False), axis=alt.Axis(title=None, tickCount=5, grid=True)),
        color=alt.Color("rows", type="nominal", title=None, scale=alt.Scale(domain=[*shades], range=[*shades.values()])),
    )  # fmt: skip
    layers: list[Any] = [base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=28) if most <= 40 else False)]
    if best is not None:
        at = alt.Chart(_data([{"epoch": best}])).mark_rule(stroke="var(--dim)", strokeDash=[4, 4])
        layers.insert(0, at.encode(x=alt.X("epoch", type="quantitative")))
    return svg(alt.layer(*layers).properties(title=alt.Title(shown(title, 60), anchor="start", fontSize=13, fontWeight="normal", color="var(--dim)")))  # fmt: skip


def _short(classes: Sequence[str]) -> list[str]:
    """Names that fit, and still tell one class from another."""
    found: list[str] = []
    for name in classes:
        text = shown(name, _NAMES)
        found.append(text if text not in found else f"{text} ({len(found) + 1})")
    return found


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=rows)
