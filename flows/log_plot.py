"""`log --plot`: the runs of a pipeline as a chart, an SVG or a page; light or dark with whoever looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from pipeline import UsageError
from pipeline.errors import bounded

from .lines import clipped
from .log import Point
from .pages.words import shown
from .report.axis import Axis, axis

_LEFT, _TOP, _WIDTH, _HEIGHT = 56, 56, 860, 340  # of what is drawn
_DRAWN = 400  # more would lie on each other; the champions are among them
_NAMED = 6  # champions with their change beside them, the last
_TOLD = 200  # rows of the page's table
_COLOUR = re.compile(r"(--\w[\w-]*): (#[0-9a-f]{6});")


def write(path: Path, points: Sequence[Point], pipeline: str, model: str, metric: str) -> int:
    """Write the chart to a file; returns how many runs are drawn. Raises UsageError where that cannot be written."""
    drawn = chart(points, f"{metric} of {model}")
    if path.suffix == ".html":
        from .pages.environment import environment

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
    """Every run a point with its interval, in the order of time; champions as diamonds on a line, the last with their change below.

    Drawn here: altair and its renderer take a second to start, and these are the same lines and dots whatever the runs.
    """
    numbered = kept(points)
    champions = sorted((place, number, one) for number, one in numbered for place in one.reigns)
    named = sorted((one.reigns[-1], number, one) for number, one in numbered if one.champion)[-_NAMED:]
    x, y = axis([1, len(points)]), axis(end for _, one in numbered for end in (one.low, one.value, one.high))
    shapes = [_gridline(*tick) for tick in y.ticks]
    shapes += [_tick(where, f"{int(float(text)):,}") for where, text in x.ticks if float(text).is_integer()]
    shapes.append(_TEXT.format(x=_LEFT, y=_TOP - 12, anchor="start", colour="var(--dim)", text=shown(title, 60)))
    shapes.append(
        _TEXT.format(
            x=_LEFT + _WIDTH / 2, y=_TOP + _HEIGHT + 38, anchor="middle", colour="var(--dim)", text="run, oldest first"
        )
    )
    last = sorted(numbered, key=lambda one: (one[1].current, one[1].champion))  # champions are drawn above the others
    spots = [(_across(x, number), one) for number, one in last]
    shapes += [
        _LINE.format(x=at, low=_up(y, one.low), high=_up(y, one.high), colour=_KINDS[_kind(one)][0]) for at, one in spots
    ]
    shapes.append(_way([(_across(x, number), _up(y, one.value)) for _, number, one in champions], _across(x, len(points))))
    shapes += [_mark(_kind(one), at, _up(y, one.value)) for at, one in spots]
    for i, (_, number, one) in enumerate(named, 1):
        shapes.append(_BOLD.format(x=_across(x, number), y=f"{_up(y, one.high) - 7:.1f}", text=i))
        below = _TOP + _HEIGHT + 60 + 17 * (i - 1)
        shapes.append(
            _TEXT.format(
                x=8,
                y=below,
                anchor="start",
                colour="var(--ink)",
                text=f"{i}  {clipped(shown(one.changed or 'the first', 300), 130)}",
            )
        )
    shapes += list(_legend())
    height = _TOP + _HEIGHT + 50 + 17 * len(named)
    return _SVG.format(width=_LEFT + _WIDTH + 10, height=height, shapes=Markup("").join(shapes))  # all of them are escaped


_KINDS = {  # colour, shape, size
    "run": ("var(--c1)", "circle", 3.0),
    "was champion": ("var(--c2)", "diamond", 6.5),
    "champion": ("var(--c3)", "diamond", 9.0),
    "gate not met": ("var(--bad)", "circle", 3.0),
}
_SVG = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ' font-family="system-ui, sans-serif" font-size="12">{shapes}</svg>'
)
_TEXT = Markup('<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{text}</text>')
_BOLD = Markup('<text x="{x}" y="{y}" text-anchor="middle" font-weight="bold" fill="var(--ink)">{text}</text>')
_LINE = Markup('<path d="M{x} {low}V{high}" stroke="{colour}" opacity="0.45"/>')
_GRID = Markup('<path d="M{left} {y}h{width}" stroke="var(--line)"/>')
_DIAMOND = Markup('<path d="M{x} {top}l{r} {r}l-{r} {r}l-{r} -{r}z" fill="{colour}"/>')
_CIRCLE = Markup('<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/>')
_STEPS = Markup('<path d="{way}" fill="none" stroke="var(--c2)" stroke-width="1.5"/>')


def _kind(one: Point) -> str:
    return "champion" if one.current else "was champion" if one.champion else "gate not met" if one.line.unmet else "run"


def _share(across: Axis, value: float) -> float:
    return float(across.at(value)[:-1]) / 100


def _across(x: Axis, value: float) -> float:
    return round(_LEFT + _WIDTH * _share(x, value), 1)


def _up(y: Axis, value: float) -> float:
    return round(_TOP + _HEIGHT * (1 - _share(y, value)), 1)


def _gridline(where: str, text: str) -> Markup:
    y = round(_TOP + _HEIGHT * (1 - float(where[:-1]) / 100), 1)
    number = _TEXT.format(x=_LEFT - 8, y=y + 4, anchor="end", colour="var(--ink)", text=text)
    return _GRID.format(left=_LEFT, y=y, width=_WIDTH) + number


def _tick(where: str, text: str) -> Markup:
    x = round(_LEFT + _WIDTH * float(where[:-1]) / 100, 1)
    return _TEXT.format(x=x, y=_TOP + _HEIGHT + 18, anchor="middle", colour="var(--ink)", text=text)


def _mark(kind: str, x: float, y: float) -> Markup:
    colour, shape, r = _KINDS[kind]
    if shape == "circle":
        return _CIRCLE.format(x=x, y=y, r=r, colour=colour)
    return _DIAMOND.format(x=x, top=round(y - r, 1), r=r, colour=colour)


def _way(champions: Sequence[tuple[float, float]], end: float) -> Markup:
    """From champion to champion, in the order in which they became it: back to an older run that was accepted again."""
    if not champions:
        return Markup("")
    (x, y), *later = champions
    return _STEPS.format(way=f"M{x} {y}" + "".join(f"H{x}V{y}" for x, y in later) + f"H{end}")


def _legend() -> Iterator[Markup]:
    for i, kind in enumerate(_KINDS):
        x = _LEFT + 6 + 130 * i
        yield _mark(kind, x, 12) + _TEXT.format(x=x + 14, y=16, anchor="start", colour="var(--ink)", text=kind)


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
    style = (Path(__file__).parent / "pages" / "templates" / "style.css").read_text(encoding="utf-8")
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    return dict(_COLOUR.findall(light)), dict(_COLOUR.findall(rest.partition("* {")[0]))
