"""A store with data of every kind, some of it hostile, made without a command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pytest
from pydantic import Field

from pipeline import LocalStore, Pipeline, Stage, Step, Table, turned_away
from schemas import Between, InSet, Key, Record, Suite

from .chromium import CHROMIUM, Browser, browser

SCRIPT = "<script>alert('x')</script>"
BROKEN = "\"><img src=x onerror=alert(1)>'{{ 7*7 }}"
HOSTILE = (SCRIPT, BROKEN, "</style></svg><svg onload=alert(1)>", "a\x1b[31mb\u202etxt.exe")


class Row(Record):
    """One column of each kind that pages draw."""

    id: Annotated[str, Key()]
    text: str
    label: Annotated[str, Field(min_length=1)]
    split: Literal["train", "valid", "test"]
    amount: float | None
    size: int
    seen: date
    at: datetime
    kept: bool
    tokens: list[int]


def rows(count: int = 400) -> pa.Table:
    labels = ["cat", "dog", SCRIPT, BROKEN]
    return pa.table(
        {
            "id": [f"{i}{HOSTILE[i % 4] if i < 40 else ''}" for i in range(count)],
            "text": [HOSTILE[i % 4] if i % 7 == 0 else f"the one that says {'meow ' * (i % 9)}" for i in range(count)],
            "label": [labels[i % 4] for i in range(count)],
            "split": [("train", "train", "train", "valid", "test")[i % 5] for i in range(count)],
            "amount": [None if i % 11 == 0 else 1000.0 * (i % 37) + i for i in range(count)],
            "size": [i * i for i in range(count)],
            "seen": [date(2024, 1, 1) + timedelta(days=i) for i in range(count)],
            "at": [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=i) for i in range(count)],
            "kept": [i % 3 == 0 for i in range(count)],
            "tokens": [list(range(i % 6 + 1)) for i in range(count)],
        },
        schema=pa.schema(
            {
                "id": pa.string(), "text": pa.string(), "label": pa.string(), "split": pa.string(), "amount": pa.float64(),
                "size": pa.int64(), "seen": pa.date32(), "at": pa.timestamp("us", "UTC"), "kept": pa.bool_(),
                "tokens": pa.list_(pa.int64()),
            }
        ),
    )  # fmt: skip


class Rows(Stage):
    """Make rows, some of which are quarantined. Returns 400 rows."""

    keeps_rows = False

    def run(self) -> Table[Row]:
        """Made, not read."""
        made = rows()
        away = [turned_away(made.slice(0, 300), f"is {BROKEN}", "text"), turned_away(made.slice(0, 3), SCRIPT)]
        return Table.of(Row, made, turned_away=away)


class Same(Stage):
    """The same rows. rows: n rows. Returns n rows."""

    def map(self, rows: Table[Row]) -> Table[Row]:
        """One fragment."""
        return rows


STRICT = Suite(
    name=f"strict {SCRIPT}",
    expectations=(
        InSet(column="label", values=("cat", BROKEN)),
        Between(column="amount", max_value=30_000, severity="warn"),
    ),
)
PIPELINE = Pipeline(
    "hostile",
    Step("made", Rows()),
    Step("same", Same(), reads={"rows": "made"}, checks=(STRICT,)),
    Step("below", Same(), reads={"rows": "same"}),
)


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
    """Headless Chromium, or a skip that says it is not there."""
    if CHROMIUM is None:
        pytest.skip("no chromium here; apt-get install chromium")
    with browser(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


def names(value: Any) -> list[str]:
    return sorted(path.name for path in value.iterdir())
