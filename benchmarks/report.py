"""What a report costs: one run against another, of 50,000 rows, two models and 18 classes, as one HTML file, opened in headless Chromium.

    python benchmarks/report.py [--rows N] [--models N] [--runs N] [--json]

The runs are real ones (`report_run.py`), so that the page has all it can have: the diff with its slices, gates, seeds, suspected labels,
calibration, training.  Seconds that the whole command takes, of which the first also measures the rows for their profile; bytes, seconds until the predictions can be used, and the longest of the filters, from the
event to the rows in the document; medians of several, each in a browser context of its own.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from result import ROOT, document, print_document, spread, tell

from benchmarks.report_run import CLASSES, MODELS, PIPELINE
from pipeline import LocalStore
from pipeline.runner import run

TARGETS = {"seconds to build": 10.0, "megabytes": 15.0, "seconds until interactive": 2.0}
_ASKED = ("gates", "changed", "models", "seeds", "metrics", "figures", "data", "classes", "confusion", "calibration", "slices", "training", "moved",
          "predictions", "suspects", "behaviour", "repeat")  # fmt: skip
_SEARCHES = ("word17", "w", "row 12", "nowhere to be found")
# Sets a control, tells the page, and waits until the rows are there; in ms.
_FILTER = """([id, value]) => new Promise(done => {
  const control = document.getElementById(id), began = performance.now();
  control.value = value;
  control.dispatchEvent(new Event('input', {bubbles: true}));
  requestAnimationFrame(() => requestAnimationFrame(() => done([performance.now() - began, +document.getElementById('browser').dataset.took])));
})"""


def measure(rows: int = 50_000, runs: int = 5, models: int = 2) -> dict[str, Any]:
    """Medians of all four, beside what is asked."""
    with tempfile.TemporaryDirectory() as folder:
        store, file = LocalStore(Path(folder) / "store"), Path(folder) / "report.html"
        _fill(store, rows, models)
        command = [sys.executable, "-m", "flows", "report", "--store", str(store.root), "--to", str(file)]
        built = []
        for _ in range(runs):
            began = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            built.append(time.perf_counter() - began)
        size = file.stat().st_size
        parts = _parts(file.read_text(encoding="utf-8"))
        opened, filters = _opened(file, runs)
    longest = max(median(times) for times in filters.values())
    found = {"seconds to build": median(built), "megabytes": size / 1e6, "seconds until interactive": median(opened)}
    return {
        "rows": rows,
        "models": models,
        "classes": len(CLASSES),
        "parts": parts,
        "bytes": size,
        "build_seconds": spread(built),
        "interactive_seconds": spread(opened),
        "filter_ms": {name: spread(times) for name, times in filters.items()},
        "longest_filter_ms": round(longest, 2),
        "targets": TARGETS,
        "met": all(found[name] <= target for name, target in TARGETS.items()),
    }


def _parts(page: str) -> list[str]:
    """The parts of the page; ends without those that a diff makes, or the figures would be those of half a page."""
    found = re.findall(r'<h[23] id="(?:h-)?([a-z]+)"', page)
    missing = [name for name in _ASKED if name not in found]
    if missing:
        sys.exit(f"the page has no part {', '.join(missing)}; found {', '.join(found)}")
    return found


def _opened(file: Path, runs: int) -> tuple[list[float], dict[str, list[float]]]:
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("no chromium here; apt-get install chromium")
    seconds: list[float] = []
    filters: dict[str, list[float]] = {}
    steps = [("by-search", text) for text in _SEARCHES] + [
        ("by-search", ""),
        ("by-label", "3"),
        ("by-outcome", "broken"),
        ("by-low", "90"),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for run in range(runs + 1):
            context = browser.new_context()
            page = context.new_page()
            page.goto(file.as_uri())
            page.wait_for_selector("#browser:not([hidden])", timeout=60_000)
            page.wait_for_timeout(600)  # as long as a person takes to look
            if run:  # from the start of the navigation, on the page's own clock
                seconds.append(page.evaluate("+document.documentElement.dataset.ready") / 1000)
            for control, value in steps:
                _, took = page.evaluate(_FILTER, [control, value])
                if run:
                    filters.setdefault(f"{control[3:]} {value or '(none)'}", []).append(took)
            context.close()
        browser.close()
    return seconds, filters


def _fill(store: LocalStore, rows: int, models: int) -> None:
    """Two runs on the same rows, the second better."""
    for skill in (0.68, 0.71):
        settings = (f"rows.rows={rows}", f"judge.models={models}", f"judge.skill={skill}")
        record = run(PIPELINE.set(settings), store, settings=settings, origin="benchmarks.report_run:PIPELINE")
        if record.status != "done":
            sys.exit(
                f"the run to report on is {record.status}: {next((step.error for step in record.steps if step.error), '')}"
            )


def main() -> None:
    """Measure, tell, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--models", type=int, default=2, choices=range(2, len(MODELS) + 1))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="the document alone")
    given = parser.parse_args()
    found = measure(given.rows, given.runs, given.models)
    if not given.json:
        lines = [
            ("what", "median", "asked"),
            ("seconds to build", f"{found['build_seconds']['median']:.2f}", "10"),
            ("megabytes", f"{found['bytes'] / 1e6:.2f}", "15"),
            ("seconds until interactive", f"{found['interactive_seconds']['median']:.2f}", "2"),
            ("longest filter, ms", f"{found['longest_filter_ms']:.1f}", ""),
        ]
        tell(f"a report of {found['rows']:,} rows, {found['models']} models", lines, [])
    print_document(document("report", found))


if __name__ == "__main__":
    main()
