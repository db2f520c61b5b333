"""Stores with runs to report on, and a real browser to look at reports."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import LocalStore
from pipeline.accept import accept
from pipeline.record import load_run
from pipeline.runner import run

sys.path.append(str(Path(__file__).parent))
from report_made import GATES, PIPELINE, SCRIPT  # found by the import string that runs are recorded with

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

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


class Tab:
    """One page in Chromium. troubles: what was logged or thrown.  requests: URLs asked for beside the file's own."""

    def __init__(self, page: Any, file: Path) -> None:
        self.page, self.troubles, self.requests = page, [], []
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", lambda dialog: (self.troubles.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())
        self.requests = [url for url in self.requests if url != file.as_uri() and url != "data:,"]

    def ready(self) -> Tab:
        """Wait until the predictions are there."""
        self.page.wait_for_selector("#browser:not([hidden])", timeout=20_000)
        return self

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait: Playwright's own waiting for a condition would need `eval`, which the page forbids."""
        for _ in range(100):
            if holds():
                return
            self.page.wait_for_timeout(20)
        assert holds()

    def told(self) -> str:
        return self.page.text_content("#told")

    def column(self, title: str) -> list[str]:
        return self.page.eval_on_selector_all(f'#rows td[data-title="{title}"]', "cells => cells.map(cell => cell.textContent)")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Headless Chromium, or a skip that says why; a failure where BRICKWISE_BROWSER is `required`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if CHROMIUM is None or sync_playwright is None:
        reason = (
            "no chromium here; apt-get install chromium" if CHROMIUM is None else "no playwright here; pip install playwright"
        )
        if os.environ.get("BRICKWISE_BROWSER") == "required":
            pytest.fail(f"BRICKWISE_BROWSER=required, and {reason}")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Open a file; `options` are those of a browser's context. What was logged or asked for fails the test."""
    opened: list[tuple[Any, Tab]] = []

    def visit(file: Path, *, width: int = 1280, **options: Any) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append((context, Tab(context.new_page(), file)))
        return opened[-1][1]

    yield visit
    for context, tab in opened:
        context.close()
        assert tab.troubles == []
        assert tab.requests == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: a folder that BRICKWISE_SCREENSHOTS names, else pytest's own."""
    folder = Path(os.environ.get("BRICKWISE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
