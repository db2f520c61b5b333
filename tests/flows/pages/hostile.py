"""A pipeline with data of every kind, some of it hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field

from pipeline import Pipeline, Stage, Step, Table, turned_away
from schemas import Between, InSet, Key, Record, Suite

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
