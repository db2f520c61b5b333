"""Stores with runs to report on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipeline import LocalStore
from pipeline.accept import accept
from pipeline.record import load_run
from pipeline.runner import run

sys.path.append(str(Path(__file__).parent))
from report_made import GATES, PIPELINE, SCRIPT  # found by the import string that runs are recorded with

WHY = f"agreed with A. B. {SCRIPT}"


def made(root: Path, *versions: tuple[str, ...], gates: bool = False) -> LocalStore:
    """A store with a run for each version of the pipeline's settings."""
    store = LocalStore(root)
    for settings in versions or ((),):
        record = run(PIPELINE.set(settings), store, settings=settings, origin="report_made:PIPELINE")
        assert record.status == "done", record
    if gates:
        document = store.run(store.run_ids()[-1]) | {"gates": [one.model_dump(mode="json") for one in GATES]}
        store.save_run(document["run_id"], document)
    return store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """Two runs, the later better, with gates, one of which it does not meet; a person accepted it."""
    store = made(tmp_path_factory.mktemp("report") / "store", (), ("judge.skill=0.8", "speed.ms=1.2"), gates=True)
    accept(store, load_run(store, store.run_ids()[-1]), WHY)
    return store


@pytest.fixture(scope="session")
def file(store: LocalStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the later."""
    from flows.report import show_report

    file = tmp_path_factory.mktemp("report") / "report.html"
    show_report(store, None, None, file, as_json=False)
    return file


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: a folder that BRICKWISE_SCREENSHOTS names, else pytest's own."""
    folder = Path(os.environ.get("BRICKWISE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
