"""The text of test_flow.py: the contract and the data steps, on the data itself."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .names import class_name
from .python import Call, Named, layout, literal

if TYPE_CHECKING:
    from .survey import Survey

FIRST = 200  # rows that the test brings through the data steps
_LONGEST = 200  # characters of a text in the example


def tests(name: str, found: Survey) -> str:
    """The module: three tests that pass."""
    row = f"{class_name(name)}Row"
    example = {field: _shown(value) for field, value in found.example.items()}
    code = Call("", tuple(Named(literal(field), literal(value), ": ") for field, value in example.items()), "{}")
    label = found.column("label")
    unknown = "no such label" if label is not None and label.closed else ""
    while label is not None and unknown in label.closed:
        unknown += "!"
    return f'''"""What must hold of the data before anybody trains on it: `pytest {name}`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline import Pipeline

from . import flow
from .records import {row}

{layout(code, before="ROW: dict[str, Any] = ")}


def test_a_row_of_the_data_keeps_the_contract() -> None:
    assert {row}(**ROW).label == ROW["label"]


@pytest.mark.parametrize("broken", [{{"text": None}}, {{"label": None}}, {{"label": {literal(unknown)}}}])
def test_a_broken_row_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        {row}(**(ROW | broken))


def test_the_first_rows_pass_the_data_steps_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[1])  # paths in the flow are relative to it
    first = flow.{name}.set(["raw.source.first={FIRST}"])
    steps = [replace(first.step(step), checks=()) for step in ("raw", "clean", "unique", "split")]
    done = Pipeline("first_rows", *steps).run(str(tmp_path / "store"))
    for step in done.steps:
        assert step.status == "ran"
        if step.rows_in is not None:
            assert step.rows_in == (step.rows_out or 0) + (step.rows_quarantined or 0)
'''


def _shown(value: Any) -> Any:
    """A value as the example has it: dates as text, long text cut."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)  # neither has a literal
    return value[:_LONGEST] if isinstance(value, str) else value
