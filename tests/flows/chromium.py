"""A page in headless Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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


@contextmanager
def launched() -> Iterator[Any]:
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
