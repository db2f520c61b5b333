"""A store that hostile data went through, its pages, and a browser to look at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import LocalStore

from .chromium import CHROMIUM, Browser, browser
from .hostile import PIPELINE


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """A run of PIPELINE, blocked at its second step."""
    root = tmp_path_factory.mktemp("pages") / "store"
    assert PIPELINE.run(str(root)).status == "blocked"
    return LocalStore(root)


@pytest.fixture(scope="session")
def folder(store: LocalStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of that run."""
    from flows.pages import show_docs

    folder = tmp_path_factory.mktemp("pages") / "docs"
    show_docs(store, None, folder, as_json=False)
    return folder


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Headless Chromium, or a skip that says it is not there; a failure where BRICKWISE_BROWSER is `required`."""
    if CHROMIUM is None and os.environ.get("BRICKWISE_BROWSER") == "required":
        pytest.fail("BRICKWISE_BROWSER=required, and there is no chromium; apt-get install chromium")
    if CHROMIUM is None:
        pytest.skip("no chromium here; apt-get install chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab
