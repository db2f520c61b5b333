"""A table of eight columns of every kind, as many draws of it as one likes, and a pipeline over whatever is put into it."""

from datetime import date
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Pipeline, Stage, Step, Table
from schemas import Key, Record

WORDS = [f"word{at}" for at in range(2_000)]


class Sale(Record):
    id: Annotated[str, Key()]
    price: float | None
    items: int
    gift: bool
    country: str | None
    day: date
    remark: str | None
    label: str


def sales(seed: int, rows: int = 2_000) -> pa.Table:
    draw = np.random.default_rng(seed)
    words = (draw.zipf(1.3, rows * 8) - 1) % len(WORDS)
    return pa.table(
        {
            "id": [f"{seed}-{row}" for row in range(rows)],
            "price": draw.normal(40, 10, rows),
            "items": draw.poisson(3, rows),
            "gift": draw.random(rows) < 0.1,
            "country": [f"c{at % 30}" for at in draw.zipf(1.5, rows)],
            "day": pa.array(draw.integers(18_000, 19_000, rows).astype(np.int32)).cast(pa.date32()),
            "remark": [" ".join(WORDS[at] for at in words[8 * row : 8 * row + draw.integers(2, 8)]) for row in range(rows)],
            "label": np.where(draw.random(rows) < 0.13, "spam", "ham").tolist(),
        }
    )


DATA: dict[str, pa.Table] = {}


class Given(Stage):
    """The rows that a test has put under a name, in two fragments."""

    reaches: ClassVar = ()
    of: str
    kind: ClassVar = Sale

    def run(self) -> Table[Sale]:
        rows = DATA[self.of]
        half = rows.num_rows // 2
        return Table.of(Sale, rows.slice(0, half), rows.slice(half))


@pytest.fixture
def run(store):
    """A function: rows, checks -> the outcome of a step that gives those rows, in a run of one pipeline."""

    def once(rows: pa.Table, *checks):
        name = f"data{len(DATA)}"
        DATA[name] = rows
        record = Pipeline("sales", Step("rows", Given(of=name), checks=checks)).run(store.root)
        return record.step("rows")

    return once


def put(table: pa.Table, column: str, values) -> pa.Table:
    """The table with other values in one column."""
    values = values if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values, table.schema.field(column).type)
    return table.set_column(table.schema.get_field_index(column), column, values)
