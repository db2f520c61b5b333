"""One Record with a column of every type and constraint, and rows for it."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import pytest
from pydantic import Field

from schemas import Key, Record
from schemas.record import described
from schemas.record.arrow import arrow_schema

sys.path.append(str(Path(__file__).parent))  # `visits` is imported by several tests


class Everything(Record):
    """Every type that a column can have, and every constraint."""

    id: Annotated[str, Key()]
    text: Annotated[str, Field(min_length=2, max_length=5, pattern="[a-z]")]
    count: Annotated[int, Field(ge=1, lt=10)]
    score: Annotated[float, Field(gt=0, le=1)]
    flag: bool
    day: Annotated[date, Field(ge=date(2020, 1, 1))]
    moment: Annotated[datetime, Field(lt=datetime(2030, 1, 1, tzinfo=UTC))]
    kind: Literal["a", "b"]
    level: Literal[1, 2] | None
    tokens: Annotated[list[int], Field(min_length=1, max_length=3)]
    names: list[str] | None
    note: Annotated[str, Field(min_length=1)] | None


GOOD = {
    "id": "x",
    "text": "abc",
    "count": 3,
    "score": 0.5,
    "flag": True,
    "day": date(2024, 2, 29),
    "moment": datetime(2024, 2, 29, 12, tzinfo=UTC),
    "kind": "a",
    "level": None,
    "tokens": [4, 5],
    "names": ["n"],
    "note": None,
}


@pytest.fixture(scope="session")
def everything():
    return Everything


@pytest.fixture(scope="session")
def good():
    """A row that Everything accepts, with some values changed."""
    return lambda **changes: {**GOOD, **changes}


@pytest.fixture(scope="session")
def table():
    """Rows as an Arrow table of the Record's schema."""
    return lambda *rows: pa.Table.from_pylist(list(rows), schema=arrow_schema(described(Everything)))
