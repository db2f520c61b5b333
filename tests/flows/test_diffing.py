"""What people read of a diff."""

from flows.diffing import diff_view, some_of
from flows.show import console
from pipeline.record import Difference, load_run
from pipeline.runner import run
from tests.pipeline.test_gates import FLOOR, scored


def test_the_verdict_is_the_first_line_and_hundreds_of_changes_are_a_few(store):
    older, newer = run(scored(0.6), store), run(scored(0.3, gates=(FLOOR,)), store)
    code = "; ".join(["config: value 0.6 -> 0.3", *(f"code: a/b.py: f{i}()" for i in range(250))])
    found = Difference(against=older.run_id, verdict="worse", note="[b]2[/b] rows in one only")
    screen = console()
    with screen.capture() as captured:
        screen.print(
            diff_view(found, {"scores": code, "judge": "input [x]: changed"}, {}, older, load_run(store, newer.run_id), store)
        )
    lines = [line.strip() for line in captured.get().splitlines() if line.strip()]
    assert lines[0] == f"{newer.run_id} is worse against {older.run_id} ([b]2[/b] rows in one only)"
    assert lines[1].startswith(f"run {newer.run_id}: gate 'accuracy: floor 0.4'")
    assert lines[4:6] == ["scores   config: value 0.6 -> 0.3", "code: a/b.py: f0()"]
    assert lines[8:] == ["… and 247 more", "judge    input [x]: changed"]


def test_what_fits_is_told_whole():
    five = [f"code: f{i}()" for i in range(5)]
    assert some_of("; ".join(five)) == five
    assert some_of("; ".join([*five, "x"])) == [*five[:4], "… and 2 more"]
    assert some_of("config: a 1 -> 2") == ["config: a 1 -> 2"]
