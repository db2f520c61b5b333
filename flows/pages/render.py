"""Pages as HTML: what their templates are given."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from pipeline.digest import Json

from . import charts
from .dag import drawing
from .environment import environment
from .gather import StepPage
from .rejected import MOST
from .subject import Subject
from .words import UNIT

GENERATOR = "brickwise docs"
COLUMNS = 40  # with a chart, a page: it stays below 1 MB
_LISTED = 500  # further columns, a line each


def index(subject: Subject, pages: list[StepPage], *, next_command: str) -> str:
    """The first page: the steps, how they hang together, and what is wrong with them."""
    drawn = drawing(subject.steps)
    return (
        _environment().get_template("index.html").render(subject=subject, pages=pages, drawn=drawn, next_command=next_command)
    )


def step_page(subject: Subject, page: StepPage, *, export: str) -> str:
    """The page of one step. export: the command that gives its whole quarantine."""
    drawn = {port.name: _Drawn(port.profile) for port in page.ports if port.profile is not None}
    quarantined = charts.bars(page.quarantine.bars, "reason", words=260) if page.quarantine and page.quarantine.bars else None
    return (
        _environment()
        .get_template("step.html")
        .render(subject=subject, page=page, drawn=drawn, quarantined=quarantined, export=export, most=MOST, listed=_LISTED)
    )


class _Drawn:
    """A profile with its charts; they are drawn where the template asks for them."""

    def __init__(self, profile: Json) -> None:
        self.columns: list[Json] = profile["columns"][:COLUMNS]
        self.others: list[Json] = profile["columns"][COLUMNS : COLUMNS + _LISTED]
        self.left_out: int = len(profile["columns"][COLUMNS + _LISTED :]) + profile.get("columns_left_out", 0)
        self.profile = profile

    def chart(self, column: Json) -> Markup | None:
        """What one column looks like: its values where they are few or numbers, else how long they are."""
        top = column.get("top")
        if top and top["values"] and (column["kind"] in ("text", "flag", "bytes")) and self._telling(column):
            return charts.bars([(entry["value"], entry["count"]) for entry in top["values"][:10]], column["name"])
        if "histogram" in column.get("numbers", {}):
            return charts.histogram(column["numbers"]["histogram"], column["name"], time=column["kind"] == "time")
        if "histogram" in column.get("lengths", {}):
            return charts.histogram(column["lengths"]["histogram"], f"{UNIT[column['kind']]} in {column['name']}")
        return None

    def _telling(self, column: Json) -> bool:
        """Whether its most frequent values say more of a column than their lengths."""
        top = column["top"]
        few = column["distinct"]["count"] <= 10 or column["kind"] == "flag"
        return bool(few or sum(entry["count"] for entry in top["values"][:10]) >= top["of"] / 4)

    def balance(self) -> Markup:
        """Of the labels."""
        return charts.balance(self.profile["label"])

    def associations(self) -> Markup:
        """Of the pairs of columns."""
        return charts.associations(self.profile["associations"])


@cache
def _environment() -> Environment:
    return environment(GENERATOR)
