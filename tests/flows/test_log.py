"""`runs` as a tree and `log`: which run came from which, and how a metric came to be what it is."""

import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flows.champions import champions
from flows.commands import log, runs
from flows.lines import clipped
from flows.log import chosen, drawn, points, show_log
from flows.log_plot import chart, kept, palettes
from flows.tree import show_runs, tree
from pipeline import LocalStore, Pipeline, UsageError
from pipeline.accept import Acceptance, accept
from pipeline.history import Line, history, line_of
from pipeline.record import load_run
from pipeline.runner import run
from tests.pipeline.test_gates import FLOOR, scored


def line(run_id: str, against: str | None = None, pipeline: str = "p") -> Line:
    return Line(run_id, pipeline, "2026-01-01T00:00:00.000+00:00", 1.0, "done", against, None, [], "", 0, [], [], [], [])


def shape(lines: list[Line], champion: str | None) -> list[tuple[str, int]]:
    return [(place.line.run_id, place.depth) for place in tree(lines, champion)]


def test_a_run_stands_after_the_one_it_came_from_and_champions_share_a_column():
    lines = [line("a"), line("b", "a"), line("c", "a"), line("d", "a"), line("e", "c"), line("f", "c")]
    assert shape(lines, "f") == [("a", 0), ("b", 1), ("d", 1), ("c", 0), ("e", 1), ("f", 0)]
    assert shape(lines, "c") == [("a", 0), ("b", 1), ("d", 1), ("c", 0), ("e", 1), ("f", 1)]


def test_a_branch_from_which_no_champion_of_today_came_is_further_in():
    lines = [line("a"), line("b", "a"), line("c", "b"), line("d", "a"), line("e", "d")]
    assert shape(lines, "e") == [("a", 0), ("b", 1), ("c", 2), ("d", 0), ("e", 0)]


def test_thousands_of_champions_need_no_deep_stack_and_no_wide_page():
    lines = [line(f"{i:05}", f"{i - 1:05}" if i else None) for i in range(5000)]
    assert {depth for _, depth in shape(lines, "04999")} == {0}


@pytest.mark.parametrize("lines", [[line("b", "b")], [line("a", "b"), line("b", "a")], [line("b", "gone")]])
def test_what_came_from_nowhere_or_from_itself_is_listed_once(lines):
    assert sorted(run_id for run_id, _ in shape(lines, "b")) == [one.run_id for one in lines]
    assert [place.lost for place in tree(lines, None)] == [one.against == "gone" for one in lines]


@pytest.fixture
def evolved(store: LocalStore) -> LocalStore:
    """0.6 champion, 0.45 against it accepted all the same, then 0.7, which the gate lets pass."""
    run(scored(0.6, gates=(FLOOR,)), store)
    low = run(scored(0.45, gates=(FLOOR,)), store)
    accept(store, low, "the [bold]new[/] vendor")
    run(scored(0.7, gates=(FLOOR,)), store, settings=("scores.value=0.7",))
    return store


def test_runs_show_what_came_of_each(evolved, capsys):
    show_runs(evolved, None, as_json=False)
    head, last, low, first = capsys.readouterr().out.splitlines()
    ids = evolved.run_ids()
    assert re.split(r" {2,}", head)[:4] == ["p", "verdict", "when (UTC)", "seconds"]
    assert last.startswith(f"│ ○ {ids[2]} ")
    assert re.search(r"undecided .* 1 passed +scores: value 0.45 -> 0.7$", last)
    assert low.startswith(f"● {ids[1]}    champion  ")
    assert low.endswith("scores: value 0.6 -> 0.45  accepted: the [bold]new[/] vendor")
    assert "not met: accuracy: floor 0.4" in low
    assert first.startswith(f"◆ {ids[0]} ")


def test_runs_as_json_are_the_records_and_what_became_of_them(evolved, capsys):
    show_runs(evolved, "p", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [one["run_id"] for one in found] == evolved.run_ids()[::-1]
    for one in found:
        record = load_run(evolved, one["run_id"]).model_dump(mode="json")
        assert {name: one[name] for name in record} == record
        assert one.keys() - record.keys() == {"champion", "accepted"}
    assert [one["champion"] for one in found] == [False, True, False]
    assert [[a["why"] for a in one["accepted"]] for one in found] == [[], ["the [bold]new[/] vendor"], []]


def test_log_has_a_line_a_run_on_one_scale(evolved, capsys):
    show_log(evolved, None, None, None, None, as_json=False)
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head == "accuracy of net in p, from 0.35 to 0.8"
    assert [one.split()[:2] for one in lines] == [list(pair) for pair in zip("◆●○", evolved.run_ids(), strict=True)]
    bars = [re.search(r"[·├─●◆○┤]{40}", one)[0] for one in lines]
    assert bars[1].startswith("├────────●")
    assert bars[2].endswith("○────────┤")
    assert "0.600 [0.500, 0.700]" in lines[0]
    assert lines[1].endswith("champion: the [bold]new[/] vendor")
    assert lines[0].endswith("was champion")


@pytest.mark.parametrize("width", [80, 100])
def test_a_terminal_is_not_written_past_and_shows_the_champion_first(evolved, width):
    run(scored(0.8, 1, gates=(FLOOR,)), evolved)
    ids = evolved.run_ids()
    head, *lines = on_terminal(width, "runs", "--store", str(evolved.root))
    assert all(len(one) <= width for one in [head, *lines])
    assert [one.lstrip("│ ")[:1] for one in lines] == ["○", "○", "●", "◆"]
    assert lines[2].startswith(f"● {ids[1]}    champion  undecided  ")
    assert "seconds" not in head
    assert lines[2].endswith("…")
    what, head, *lines = on_terminal(width, "log", "--store", str(evolved.root))
    assert all(len(one) <= width for one in [what, head, *lines])
    assert [one[:29] for one in lines] == [f"{mark} {run_id}" for mark, run_id in zip("◆●○○", ids, strict=True)]
    assert len(re.search(r"[·├─●◆○┤]{3,}", lines[1])[0]) == 15


def on_terminal(width: int, *words: str) -> list[str]:
    """What a command writes on a real terminal of so many columns."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "FORCE_COLOR")}
    environment |= {"TERM": "xterm", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "flows", *words]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdin=theirs, stdout=theirs, env=environment) as process:
        os.close(theirs)
        written = b""
        with suppress(OSError):  # it has left
            while read := os.read(ours, 65536):
                written += read
    os.close(ours)
    assert process.returncode == 0
    return [line for line in re.sub(r"\x1b\[[0-9;]*m", "", written.decode()).splitlines() if line]


def test_what_is_cut_says_so_and_a_wide_letter_is_not_halved():
    assert [clipped("abcdef", width) for width in (6, 5, 1, 0, -3)] == ["abcdef", "abcd…", "…", "", ""]
    assert clipped("日本語", 4) == "日…"


def test_log_of_one_of_several_pipelines_names_the_others(evolved, capsys):
    show_log(evolved, None, None, None, None, as_json=False)
    assert capsys.readouterr().err == ""
    other = scored(0.5)
    run(Pipeline("q", *other.steps.values()), evolved)
    show_log(evolved, None, None, None, None, as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out)["pipeline"] == "q"
    assert said.err.startswith("also here, with so many runs: p (3); brickwise log NAME")
    show_log(evolved, "p", None, None, None, as_json=False)
    assert capsys.readouterr().err == ""


def test_log_as_json_gives_the_numbers(evolved, capsys):
    show_log(evolved, "p", "net", "accuracy", None, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["pipeline"], found["model"], found["metric"]) == ("p", "net", "accuracy")
    assert [(one["value"], one["champion"], one["current"], one["changed"]) for one in found["runs"]] == [
        (0.6, True, False, ""),
        (0.45, True, True, "scores: value 0.6 -> 0.45"),
        (0.7, False, False, "scores: value 0.45 -> 0.7"),
    ]
    assert found["runs"][1]["unmet"] == ["accuracy: floor 0.4"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("q", None, None, None), "no runs of 'q' in "),
        (("p", "nett", None, None), "no run of 'p' has a model 'nett'; did you mean 'net'?"),
        (("p", None, "acuracy", None), "no run of 'p' has 'acuracy' of net; did you mean 'accuracy'?"),
        (("p", None, None, "log.png"), "--plot log.png: expected a file that ends in .svg or .html"),
        (("p", None, None, "/no/such/folder/x.svg"), "No such file or directory; name a file that can be written"),
    ],
)
def test_what_is_not_there_is_said(evolved, given, message):
    *named, plot = given
    with pytest.raises(UsageError, match=re.escape(message)):
        show_log(evolved, *named, Path(plot) if plot else None, as_json=False)


def test_a_scale_of_one_point_is_drawn():
    assert drawn(0.5, 0.5, 0.5, (0.5, 0.5)).count("●") == 1
    assert drawn(0.0, 0.0, 1.0, (0.0, 1.0)) == "●" + "─" * 38 + "┤"
    assert drawn(0.5, 0.5, 0.5, (0.0, 1.0)).strip("·") == "●"


def test_the_newest_run_that_says_so_names_the_model_and_the_metric(evolved):
    record = evolved.run(evolved.run_ids()[0])
    three = {"value": 0.5, "low": 0.4, "high": 0.6}
    record |= {"headline": [], "models": ["b", "a"], "metrics": {"a": {"x": three, "y": three}, "b": {"y": three}}}
    assert chosen([line_of(record)], None, None) == ("a", "x")
    assert chosen([line_of(record)], "b", None) == ("b", "y")
    assert chosen([line_of(record), *history(evolved)], None, None) == ("net", "accuracy")
    with pytest.raises(UsageError, match="none of the 1 runs of 'p' has evaluated a model"):
        chosen([line("a")], None, None)


@pytest.mark.parametrize("name", ["log.svg", "log.html"])
def test_a_plot_is_one_file_that_needs_nothing_and_is_light_and_dark(evolved, tmp_path, capsys, name):
    show_log(evolved, None, None, None, tmp_path / name, as_json=False)
    assert capsys.readouterr().out == f"3 of 3 runs drawn in {tmp_path / name}\n"
    text = (tmp_path / name).read_text()
    assert "prefers-color-scheme: dark" in text
    assert not re.findall(r"(?:src|href)=\"(?!data:,)", text)
    assert "<script" not in text
    assert "scores: value 0.6 -&gt; 0.45" in text
    if name == "log.svg":
        assert "var(" not in text
        light, dark = palettes()
        assert light.keys() == dark.keys()
        assert all(dark[colour] in text for colour in ("--ink", "--paper", "--c1"))
    else:
        assert "the [bold]new[/] vendor" in text
        assert "(empty)" not in text  # the first run changed nothing
        assert '<td class="n"><code>' in text  # a run's id stays on one line on a phone


def test_what_a_person_wrote_is_escaped_on_the_page(evolved, tmp_path, capsys):
    accept(evolved, load_run(evolved, evolved.run_ids()[0]), "</td><script>alert(1)</script>")
    show_log(evolved, None, None, None, tmp_path / "log.html", as_json=False)
    assert "&lt;script&gt;alert(1)" in (tmp_path / "log.html").read_text()
    assert "<script" not in (tmp_path / "log.html").read_text()


def test_of_thousands_of_runs_some_hundred_are_drawn_with_all_champions(evolved):
    one = points(evolved, "p", history(evolved), "net", "accuracy")[0]._replace(reigns=(), current=False)
    many = [one] * 3000 + [one._replace(reigns=(0,), current=True)] + [one] * 2000
    drawn_runs = kept(many)
    assert len(drawn_runs) < 420
    assert [number for number, point in drawn_runs if point.champion] == [3001]
    assert (drawn_runs[0][0], drawn_runs[-1][0]) == (1, 5001)
    assert len(chart(many, "accuracy")) < 300_000


def test_the_chart_has_each_run_once_at_its_value_and_needs_no_renderer(evolved):
    code = "import sys; from flows.log_plot import chart; sys.exit(any(name in sys.modules for name in ('altair', 'vl_convert', 'jinja2')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
    one = points(evolved, "p", history(evolved), "net", "accuracy")[0]._replace(reigns=(), current=False)
    three = [one._replace(value=v, low=v - 0.1, high=v + 0.1) for v in (0.3, 0.7, 0.5)]
    drawn = ET.fromstring(chart([three[0], three[1]._replace(reigns=(0,)), three[2]], "<b>"))
    dots = [
        (float(d.get("cx")), float(d.get("cy"))) for d in drawn.findall(".//{*}circle") if float(d.get("cy")) > 30
    ]  # below the legend
    spans = [found.get("d") for found in drawn.findall(".//{*}path") if found.get("opacity")]
    assert (len(dots), len(spans)) == (2, 3)
    assert dots[0][0] < dots[1][0]  # the first run is left of the third
    assert dots[0][1] > dots[1][1]  # 0.3 is below 0.5
    assert [text.text for text in drawn.findall(".//{*}text") if text.text == "<b>"] == ["<b>"]
    for values in ([0.5], [-0.2], [0.5, 0.5]):  # one run, below zero, nothing between them
        ET.fromstring(chart([one._replace(value=v, low=v, high=v) for v in values], "r2"))


def test_runs_and_log_need_no_code_of_the_pipeline(evolved, capsys):
    """A pipeline that was renamed, or is on another machine, still has its runs."""
    runs(pipeline="p", as_json=False, store=evolved.root)
    log(pipeline="p", model=None, metric=None, plot=None, as_json=False, store=evolved.root)
    assert capsys.readouterr().out.count(evolved.run_ids()[0]) == 2
    with pytest.raises(UsageError, match="'q' is unknown"):
        runs(pipeline="q", as_json=False, store=evolved.root)


def test_the_line_of_champions_ends_on_that_of_today_whichever_run_is_newer(store):
    ids = [str(run(scored(value, i), store).run_id) for i, value in enumerate((0.5, 0.6, 0.7))]
    for again in (ids[2], ids[1]):
        accept(store, load_run(store, again))
    found = points(store, "p", history(store), "net", "accuracy")
    assert [one.reigns for one in found] == [(0,), (2,), (1,)]
    drawn_shapes = ET.fromstring(chart(found, "accuracy"))
    (way,) = (one.get("d") for one in drawn_shapes.findall(".//{*}path") if one.get("fill") == "none")
    corners = re.fullmatch(r"M(\S+) (\S+)H(\S+)V(\S+)H(\S+)V(\S+)H(\S+)", way).groups()
    xs, ys = [float(x) for x in corners[::2]], [float(y) for y in corners[1::2]]
    assert xs[0] < xs[2] < xs[1] == float(corners[-1])  # to the third run, back to the second, and on to today
    assert ys[1] < ys[2] < ys[0]  # 0.7, 0.6, 0.5
    told = [one.text for one in drawn_shapes.findall(".//{*}text") if one.text[:3] in ("1  ", "2  ", "3  ")]
    assert [one.partition("noise ")[2] for one in told] == ["", "0 -> 2 and 1 more", "0 -> 1 and 1 more"]
    accept(store, load_run(store, ids[0]))
    assert [one.reigns for one in points(store, "p", history(store), "net", "accuracy")] == [(0, 3), (2,), (1,)]


def test_champions_of_which_no_acceptance_tells_are_known_by_what_was_compared_with_them():
    lines = [line("a"), line("b", "a"), line("c", "a"), line("d", "c"), line("e", "b")]
    timed = [one._replace(started=f"2026-01-0{i}T00:00:00.000+00:00") for i, one in enumerate(lines, 1)]
    assert champions(timed, [], "b") == ["a", "c", "b"]
    assert champions(timed, [], "e") == ["a", "c", "b", "e"]
    told = Acceptance(run_id="d", pipeline="p", when="2026-01-04T12:00:00.000+00:00", previous="c")
    late = timed[4]._replace(against="c")  # it ended after that, but looked for the champion before
    assert champions([*timed[:4], late], [told], "d") == ["a", "c", "d"]
    assert champions([line("a")], [], None) == []
