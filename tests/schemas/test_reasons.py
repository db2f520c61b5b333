"""Reasons: pydantic and the row rules say the same of a row, one at a time or in a table."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from visits import CHANGES, GOOD, VALUES, Visit

from schemas.arrow import arrow_schema
from schemas.record import described

SCHEMA = arrow_schema(described(Visit))


def sifted(rows: pa.Table) -> tuple[str, str] | None:
    kept, away = Visit.sift(rows)
    assert kept.num_rows + away.num_rows == 1
    return None if kept.num_rows else (away["rule"][0].as_py(), away["column"][0].as_py())


def refused(row) -> tuple[str, str] | None:
    found = Visit.refusal(row)
    return None if found is None else (found.rule, found.column)


def test_good():
    assert Visit.refusal(GOOD) is None
    assert sifted(pa.Table.from_pylist([GOOD], SCHEMA)) is None


@settings(max_examples=3000)
@given(changes=CHANGES)
def test_typed(changes):
    row = GOOD | changes
    assert refused(row) == sifted(pa.Table.from_pylist([row], SCHEMA))
