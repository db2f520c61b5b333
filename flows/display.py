"""Progress on standard error while a run goes on: bars on a terminal, a line a finished step elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from pipeline.record import Outcome


class Display:
    """Hears of progress and of finished steps, from any thread; rich is imported when the first news comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._notes: dict[str, str] = {}

    def progress(self, step: str, done: int, total: int, note: str) -> None:
        """A listener for `pipeline.runner.run`. What starts with "note:" stays on the screen."""
        with self._lock:
            if not sys.stderr.isatty():
                if ":" in note and self._notes.get(step) != note:
                    self._notes[step] = note
                    print(f"  {step}: {note}", file=sys.stderr, flush=True)
                return
            bars = self._started()
            if note.startswith("note:"):
                bars.console.print(f"  {step}: {note}", highlight=False, markup=False)
                return
            if step not in self._tasks:
                self._tasks[step] = bars.add_task(step, total=total, note=note)
            bars.update(self._tasks[step], completed=done, total=total, note=note)

    def finished(self, outcome: Outcome) -> None:
        """Say that a step is done."""
        rows = f", {outcome.rows_out:,} rows" if outcome.rows_out is not None else ""
        away = f", {outcome.rows_quarantined:,} quarantined" if outcome.rows_quarantined else ""
        line = f"  {outcome.name} {outcome.status} in {outcome.seconds:,.1f} s{rows}{away}"
        with self._lock:
            if self._bars is None:
                print(line, file=sys.stderr, flush=True)
                return
            if outcome.name in self._tasks:
                self._bars.remove_task(self._tasks.pop(outcome.name))
            self._bars.console.print(line, highlight=False)

    def stop(self) -> None:
        """Take the bars off the screen."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()

    def _started(self) -> Progress:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("  {task.description:<10}"),
                BarColumn(30),
                TextColumn("{task.completed:,.0f}/{task.total:,.0f} {task.fields[note]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self._bars


@contextmanager
def display() -> Iterator[Display]:
    """A display, taken off the screen on leaving."""
    found = Display()
    try:
        yield found
    finally:
        found.stop()
