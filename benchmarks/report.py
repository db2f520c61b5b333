"""What a report costs: two runs of 50,000 rows, two models and 18 classes, as one HTML file, opened in headless Chromium.

    python benchmarks/report.py [--rows N] [--runs N] [--json]

Seconds that the whole command takes, of which the first also measures the rows for their profile; bytes, seconds until the predictions can be used, and the longest of the filters, from the
event to the rows in the document; medians of several, each in a browser context of its own.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.append(str(Path(__file__).parents[1]))
from result import ROOT, document, print_document, spread, tell

from pipeline import Evaluation, LocalStore, Table
from pipeline.publish import save
from pipeline.record import Difference, Outcome, RunRecord
from schemas import Prediction, SplitText

TARGETS = {"seconds to build": 10.0, "megabytes": 15.0, "seconds until interactive": 2.0}
MODELS = ("linear", "net")
CLASSES = 18
_WORDS = 4_000
_SEARCHES = ("word17", "w", "row 12", "nowhere to be found")
# Sets a control, tells the page, and waits until the rows are there; in ms.
_FILTER = """([id, value]) => new Promise(done => {
  const control = document.getElementById(id), began = performance.now();
  control.value = value;
  control.dispatchEvent(new Event('input', {bubbles: true}));
  requestAnimationFrame(() => requestAnimationFrame(() => done([performance.now() - began, +document.getElementById('browser').dataset.took])));
})"""


def measure(rows: int = 50_000, runs: int = 5) -> dict[str, Any]:
    """Medians of all four, beside what is asked."""
    with tempfile.TemporaryDirectory() as folder:
        store, file = LocalStore(Path(folder) / "store"), Path(folder) / "report.html"
        _fill(store, rows)
        command = [sys.executable, "-m", "flows", "report", "--store", str(store.root), "--to", str(file)]
        built = []
        for _ in range(runs):
            began = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            built.append(time.perf_counter() - began)
        size = file.stat().st_size
        opened, filters = _opened(file, runs)
    longest = max(median(times) for times in filters.values())
    found = {"seconds to build": median(built), "megabytes": size / 1e6, "seconds until interactive": median(opened)}
    return {
        "rows": rows,
        "models": len(MODELS),
        "bytes": size,
        "build_seconds": spread(built),
        "interactive_seconds": spread(opened),
        "filter_ms": {name: spread(times) for name, times in filters.items()},
        "longest_filter_ms": round(longest, 2),
        "targets": TARGETS,
        "met": all(found[name] <= target for name, target in TARGETS.items()),
    }


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


def _fill(store: LocalStore, rows: int) -> None:
    """Two runs on the same rows."""
    rng = np.random.default_rng(1)
    names = [f"class {i:02}" for i in range(CLASSES)]
    label = rng.integers(0, CLASSES, rows)
    words = np.array([f"word{i}" for i in range(_WORDS)])
    texts = [" ".join(line) for line in words[(_WORDS * rng.random((rows, 15)) ** 3).astype(int)]]
    ids = [f"row {i}" for i in range(rows)]
    told = pa.array([names[one] for one in label])
    groups = [f"group {i // 5}" for i in range(rows)]
    columns = {"id": ids, "text": texts, "label": told, "split": ["test"] * rows, "group": groups}
    with store.lease():
        data = save(store, Table.of(SplitText, pa.table(columns).select(list(SplitText.columns()))))
        earlier = _run(store, "20260101T000000.000000-0001", data, label, names, ids, groups, 0.68, None)
        _run(store, "20260102T000000.000000-0002", data, label, names, ids, groups, 0.71, earlier)


def _run(
    store: LocalStore,
    run_id: str,
    data: str,
    label: np.ndarray,
    names: list[str],
    ids: list[str],
    groups: list[str],
    skill: float,
    earlier: str | None,
) -> str:
    tables = [_said(model, label, names, ids, groups, skill - 0.05 * (model == "linear")) for model in MODELS]
    measured = {
        "accuracy": {"value": skill, "low": skill - 0.004, "high": skill + 0.004, "higher": True, "status": "ok", "n": len(ids)}
    }
    facts = {"models": list(MODELS), "n": len(ids), "target": {"kind": "one_of", "column": "label"}, "classes": names,
             "metrics": dict.fromkeys(MODELS, measured), "details": dict.fromkeys(MODELS, _details(names, measured))}  # fmt: skip
    outputs = {"evaluation": save(store, Evaluation(facts=facts)), "rows": save(store, Table.of(Prediction, *tables))}
    parts = {
        "format": 3,
        "code": {},
        "config": {"skill": skill},
        "inputs": {"rows": {"split.rows": data}},
        "order": {},
        "outside": {},
    }
    store.record_action(
        run_id,
        {"outputs": outputs, "quarantine": None, "parts": parts, "rows_in": None, "rows_out": None, "rows_quarantined": None},
    )
    change = {
        "model": "net",
        "metric": "accuracy",
        "value": skill,
        "other": 0.68,
        "delta": skill - 0.68,
        "low": 0.02,
        "high": 0.04,
        "verdict": "better",
    }
    difference = Difference(against=earlier, verdict="better", details=(change,)) if earlier else Difference()
    step = Outcome(name="evaluate", status="ran", why="never run", outputs=outputs, key=run_id)
    record = RunRecord(
        run_id=run_id,
        pipeline="benchmark",
        status="done",
        started="2026-01-01T00:00:00",
        seconds=1.0,
        steps=(step,),
        diff=difference,
    )
    store.save_run(run_id, record.model_dump(mode="json"))
    return run_id


def _details(names: list[str], measured: dict[str, Any]) -> dict[str, Any]:
    """Something for every chart and table."""
    points = [
        {"n": 100, "confidence": i / 15, "accuracy": i / 16, "accuracy_low": i / 18, "accuracy_high": i / 15}
        for i in range(1, 15)
    ]
    return {
        "classes": {name: {"precision": 0.7, "recall": 0.6, "f1": measured["accuracy"], "support": 100} for name in names},
        "confusion": [[50 if a == b else (a * b) % 7 for a in range(CLASSES)] for b in range(CLASSES)],
        "slices": [{"name": f"kind={i}", "n": 8_000, "metrics": measured} for i in range(30)],
        "calibration": {"points": points, "ece": 0.05},
        "selective": {"curve": [{"coverage": i / 100, "risk": 0.3 * i / 100} for i in range(1, 101)]},
    }


def _said(model: str, label: np.ndarray, names: list[str], ids: list[str], groups: list[str], skill: float) -> pa.Table:
    rng = np.random.default_rng([len(model), int(100 * skill)])
    n = len(label)
    said = np.where(rng.random(n) < skill, label, rng.integers(0, CLASSES, n))
    odds = rng.dirichlet(np.full(CLASSES, 0.3), n) * 0.5
    odds[np.arange(n), said] += 0.5
    lengths = rng.integers(0, 4, n)
    columns = {
        "id": ids, "model": [model] * n, "label": [names[one] for one in label], "prediction": [names[one] for one in said], "group": groups,
        "values": list(odds), "loss": -np.log(odds[np.arange(n), label]), "slices": [[f"kind={i % 6}", f"length={one}"] for i, one in enumerate(lengths)],
    }  # fmt: skip
    return pa.table(columns).select(list(Prediction.columns()))


def main() -> None:
    """Measure, tell, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="the document alone")
    given = parser.parse_args()
    found = measure(given.rows, given.runs)
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
