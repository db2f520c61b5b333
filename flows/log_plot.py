"""`log --plot`: the runs of a pipeline as a chart, an SVG or a page; light or dark with whoever looks at it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
from markupsafe import Markup

from pipeline import UsageError
from pipeline.errors import bounded

from .log import Point
from .pages.environment import TEMPLATES, environment
from .pages.theme import svg
from .pages.words import shown

_WIDTH, _HEIGHT = 860, 340
_DRAWN = 400  # more would lie on each other; the champions are among them
_NAMED = 6  # champions with their change beside them, the last
_TOLD = 200  # rows of the page's table
_COLOUR = re.compile(r"(--\w[\w-]*): (#[0-9a-f]{6});")


def write(path: Path, points: Sequence[Point], pipeline: str, model: str, metric: str) -> int:
    """Write the chart to a file; returns how many runs are drawn. Raises UsageError where that cannot be written."""
    drawn = chart(points, f"{metric} of {model}")
    if path.suffix == ".html":
        told = [one for i, one in enumerate(points) if one.champion or i >= len(points) - _TOLD // 2][-_TOLD:]
        page = environment("brickwise log").get_template("log.html")
        text = page.render(pipeline=pipeline, model=model, metric=metric, chart=drawn, points=points, told=told[::-1])
    else:
        text = alone(drawn)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--plot {bounded(str(path))}: {error.strerror or error}; name a file that can be written") from error
    return len(kept(points))


def chart(points: Sequence[Point], title: str) -> Markup:
    """Every run a point with its interval, in the order of time; champions as diamonds on a line, the last with their change below."""
    numbered = kept(points)
    champions = [(number, one) for number, one in numbered if one.champion]
    way = [{"run": number, "value": one.value} for number, one in champions]
    if way and champions[-1][0] < len(points):
        way.append({"run": len(points), "value": champions[-1][1].value})
    last = sorted(numbered, key=lambda one: (one[1].current, one[1].champion))  # champions are drawn above the others
    rows = [{"run": number, "value": one.value, "low": one.low, "high": one.high, "is": _kind(one)} for number, one in last]
    named = [
        {"run": number, "high": one.high, "number": str(i), "text": f"{i}  {shown(one.changed or 'the first', 130)}"}
        for i, (number, one) in enumerate(champions[-_NAMED:], 1)
    ]
    x = alt.X("run", type="quantitative", title="run, oldest first", axis=alt.Axis(format=",.0f", tickMinStep=1), scale=_near())
    low, value, high = (
        alt.Y(of, type="quantitative", scale=_near(), title=shown(title, 60)) for of in ("low", "value", "high")
    )
    base = _over(rows).encode(x=x, color=_by_kind(alt.Color, list(_COLOURS), alt.Legend(symbolSize=70)))
    shape, size = _by_kind(alt.Shape, _SHAPES, None), _by_kind(alt.Size, _SIZES, None)
    over = alt.layer(
        base.mark_rule(strokeWidth=1, opacity=0.45).encode(y=low, y2="high"),
        _over(way).mark_line(interpolate="step-after", strokeWidth=1.5, color="var(--c2)").encode(x=x, y=value),
        base.mark_point(filled=True, opacity=1).encode(y=value, shape=shape, size=size),
        _over(named).mark_text(dy=-9, fontWeight="bold").encode(x=x, y=high, text=alt.Text("number", type="nominal")),
    ).properties(width=_WIDTH, height=_HEIGHT)
    listed = _over(named).mark_text(align="left", fontSize=11).encode(
        x=alt.value(0), y=alt.Y("number", type="ordinal", sort=None, axis=None), text=alt.Text("text", type="nominal")
    )  # fmt: skip
    return svg(alt.vconcat(over, listed.properties(width=_WIDTH, height=alt.Step(16))) if named else over)


_COLOURS = ("var(--c1)", "var(--c2)", "var(--c3)", "var(--bad)")
_KINDS = ("run", "was champion", "champion", "gate not met")
_SHAPES, _SIZES = ("circle", "diamond", "diamond", "circle"), (28, 90, 170, 28)


def _kind(one: Point) -> str:
    return "champion" if one.current else "was champion" if one.champion else "gate not met" if one.line.unmet else "run"


def _over(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _near() -> alt.Scale:
    return alt.Scale(zero=False, padding=12)


def _by_kind(channel: Any, values: Sequence[Any], legend: alt.Legend | None) -> Any:
    return channel("is", type="nominal", title=None, legend=legend, scale=alt.Scale(domain=list(_KINDS), range=list(values)))


def kept(points: Sequence[Point]) -> list[tuple[int, Point]]:
    """The runs that are drawn, numbered: all, or so many at even distances, with the champions and the newest."""
    apart = -(-len(points) // _DRAWN)
    return [(i, one) for i, one in enumerate(points, 1) if one.champion or i == len(points) or (i - 1) % apart == 0]


def alone(drawn: str) -> str:
    """An SVG for a file of its own: light, and dark where its reader is and knows how to be."""
    light, dark = palettes()
    for name, colour in light.items():
        drawn = drawn.replace(f"var({name})", colour)
    rules = "".join(
        f'[fill="{colour}"]{{fill:{dark[name]}}}[stroke="{colour}"]{{stroke:{dark[name]}}}' for name, colour in light.items()
    )
    paper = f'<rect width="100%" height="100%" fill="{light["--paper"]}"/>'
    head, end, rest = drawn.partition(">")
    return f"{head}{end}<style>@media (prefers-color-scheme: dark){{{rules}}}</style>{paper}{rest}"


def palettes() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the pages by name, light and dark."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    return dict(_COLOUR.findall(light)), dict(_COLOUR.findall(rest.partition("* {")[0]))
