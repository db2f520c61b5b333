"""A folder to be in, where packages are made and imported anew."""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.new.look import Wanted
from flows.new.make import make
from pipeline import LocalStore


@dataclass
class Here:
    """The working directory of one test."""

    folder: Path
    capture: Any

    def new(self, name: str, data: str, text: str, label: str, group: str | None = None, *, as_json: bool = False) -> str:
        """Make a package; gives what was printed."""
        make(name, data, Wanted(text, label, group), LocalStore(self.folder / ".brickwise"), as_json=as_json)
        return str(self.capture.readouterr().out)

    def load(self, target: str) -> Any:
        """`package.module:name` of a package made here."""
        module, _, name = target.partition(":")
        importlib.invalidate_caches()
        return getattr(importlib.import_module(module), name)

    def csv(self, name: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
        """Write a CSV file."""
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return name


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    """An empty working directory at the end of the import path."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield Here(folder, capsys)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def reviews() -> Callable[[int], list[list[Any]]]:
    """A function: n -> n different rows of text and label."""

    def rows(count: int) -> list[list[Any]]:
        words = {"good": ("lovely", "great", "fine"), "bad": ("dull", "awful", "poor")}
        return [
            [f"film number {i} was {words[label][i % 3]} indeed", label]
            for i, label in enumerate(("good", "bad", "good")[i % 3] for i in range(count))
        ]

    return rows
