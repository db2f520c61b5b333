"""The one look of every chart, and how a chart becomes SVG. Colours are the page's own, so that a chart is light or dark with it."""

from __future__ import annotations

from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

from markupsafe import Markup

_INK, _DIM, _LINE = "var(--ink)", "var(--dim)", "var(--line)"
SERIES = "var(--c1)"
_FONT = "system-ui, sans-serif"
_TAGS = {"svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath", "title"}

CONFIG: dict[str, Any] = {
    "aria": False,  # the page says in words what a chart shows
    "background": None,
    "padding": 8,
    "font": _FONT,
    "view": {"stroke": None},
    "bar": {"color": SERIES},
    "rect": {"color": SERIES},
    "text": {"color": _INK, "fontSize": 12, "font": _FONT},
    "axis": {
        "labelColor": _INK, "titleColor": _DIM, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "gridColor": _LINE, "domainColor": _LINE, "tickColor": _LINE, "labelFont": _FONT, "titleFont": _FONT,
        "labelLimit": 135, "titleLimit": 300, "labelOverlap": True,
    },
    "axisX": {"grid": False},
    "axisQuantitative": {"tickCount": 5},
    "legend": {"labelColor": _INK, "titleColor": _DIM, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "orient": "top"},
    "range": {"category": ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)"]},
}  # fmt: skip


def svg(chart: Any) -> Markup:
    """An altair chart as SVG to be put into a page. Raises ValueError for SVG with anything in it but shapes and text."""
    import vl_convert

    spec = chart.to_dict()
    spec["config"] = CONFIG
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=_version(), allowed_base_urls=[])
    require_harmless(drawn)
    return Markup(drawn)  # noqa: S704  # looked through above; data is in it as escaped text


def require_harmless(drawn: str) -> None:
    """Vega escapes what it writes; a page relies on no single guard. Raises ValueError."""
    for element in ET.fromstring(drawn).iter():  # noqa: S314  # our own renderer's output, which has no entities
        tag = element.tag.rpartition("}")[2]
        links = [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]
        if tag not in _TAGS or links:
            raise ValueError(f"a chart came out with <{tag}> {links}, expected shapes and text alone")


@cache
def _version() -> str:
    """The Vega-Lite that altair writes for, as the renderer names it: 6.1 of v6.1.0."""
    import altair as alt
    import vl_convert

    wanted = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    known = vl_convert.get_vegalite_versions()
    return wanted if wanted in known else known[-1]
