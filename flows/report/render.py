"""A report as HTML."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2.exceptions import UndefinedError
from markupsafe import Markup

from ..deltas import NOTE, figure
from ..pages import charts as drawings
from ..pages.environment import environment
from ..pages.words import shown
from . import charts, estimates
from .page import SHAPE, Page, Part

GENERATOR = "brickwise report"
_SECTIONS = ("verdict", "changed", "models", "data", "classes", "calibration", "slices", "training", "rows", "repeat")
_HERE = Path(__file__).parent / "templates"


def render(page: Page, commands: dict[str, str]) -> str:
    """The whole file. commands: what to type, by what it does."""
    given = {"page": page, "commands": commands, "drawn": _drawn(page), **_placed(page)}
    above, *below = (_section(name, given) for name in _SECTIONS)
    return _environment().get_template("report.html").render(**given, above=above, sections_below=below)


def _section(name: str, given: dict[str, Any]) -> Markup:
    """One part of the page; facts in a shape that nobody foresaw take that part along, and not the page."""
    try:
        return Markup(_environment().get_template(f"{name}.html").render(**given))  # noqa: S704  # a template's own output, escaped there
    except (UndefinedError, *SHAPE) as error:
        return Markup('<p class="notice quiet">{}: not shown: facts in another shape than expected ({}).</p>').format(
            name, shown(error)
        )


def _placed(page: Page) -> dict[str, Any]:
    """The data of the browser, and where each of its rows stands."""
    rows = page.part("predictions").found
    if rows is None:
        return {"data": "", "places": {}, "positions": {}, "moved": {}, "confident": False}
    return {
        "data": rows.packed(),
        "places": rows.place(),
        "positions": {one.model: position for position, one in enumerate(rows.answers)},
        "moved": rows.moved(page.model),
        "confident": any(one.confidence.size and (one.confidence == one.confidence).any() for one in rows.answers),
    }


def _drawn(page: Page) -> dict[str, Any]:
    """The charts that there is something for; one that cannot be drawn is left out with a line in its place."""
    found: dict[str, Any] = {}

    def draw(name: str, part: Part, make: Callable[[Any], Any]) -> None:
        found[name] = None
        if part.found:
            try:
                found[name] = make(part.found)
            except SHAPE as error:
                found[name] = Markup("<p>This chart cannot be drawn: {}.</p>").format(str(error)[:200])

    draw(
        "confusion",
        page.part("confusion"),
        lambda one: charts.confusion(one["classes"], one["square"]) if one["square"] else None,
    )
    draw("calibration", page.part("calibration"), lambda one: charts.reliability(one["points"]) if one["points"] else None)
    draw("selective", page.part("selective"), lambda one: charts.risk_coverage(one["curve"]) if one.get("curve") else None)
    draw("balance", page.part("data"), lambda one: drawings.balance(one["label"]) if one.get("label") else None)
    draw(
        "training",
        page.part("training"),
        lambda one: {step: charts.learning(log["epochs"], log.get("best_epoch"), str(log.get("metric"))) for step, log in one},
    )
    return found


@cache
def _environment() -> Environment:
    made = environment(GENERATOR, _HERE, styles=[_HERE / "report.css"], script=_HERE / "report.js")
    made.filters.update(
        {
            "named": estimates.named,
            "written": estimates.written,
            "change": estimates.change,
            "points": estimates.points,
            "plain": figure,
        }
    )
    made.globals.update({"between": estimates.between, "NOTE": NOTE})
    return made
