"""Progress on standard error: lines where nobody watches, bars on a terminal."""

from __future__ import annotations

import io

import pytest

from flows.display import display


class Screen(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize("terminal", [False, True])
def test_a_note_of_a_stage_stays_on_the_screen(monkeypatch, terminal):
    screen = Screen(terminal)
    monkeypatch.setattr("sys.stderr", screen)
    with display() as shown:
        shown.progress("linear", 3, 3, "note: it has not settled [yet]")
    assert "  linear: note: it has not settled [yet]\n" in screen.getvalue().replace("\r", "")
