"""A store that hostile data went through, and its pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import LocalStore

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
