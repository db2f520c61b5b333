"""Python as a person writes it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.new.python import Call, Named, call, comment, layout, literal, mapping, several

ROOT = Path(__file__).parents[3]
TEXT = st.text(st.characters(exclude_categories=()), max_size=30)  # lone surrogates too
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(VALUE)
def test_a_literal_is_its_value_and_one_line(value):
    written = literal(value)
    assert ast.literal_eval(written) == value
    assert len(written.splitlines()) == 1


@given(TEXT)
def test_a_comment_is_one_line_and_nothing_else(text):
    written = comment(text)
    assert len(written) <= 128
    assert not ast.parse(f"class A:\n{written}\n    x = 1\n").body[0].body[1:]


@pytest.mark.parametrize("value", [object(), float("nan"), {"a": 1}])
def test_what_has_no_literal_is_refused(value):
    with pytest.raises(TypeError, match="no literal"):
        literal(value)


NODES = [
    call("Step", '"raw"', call("Ingest[Row]", source="ROWS"), checks=several([call("Limit", fraction="0.01")])),
    call("Columns", of=call("CsvFile", path=literal("a" * 70)), names=mapping({"text": "v2", "label": "v1" * 20})),
    Call("Literal", tuple(literal(f"label {i}") for i in range(40)), "[]"),
    call("Step", '"report"', reads=mapping({"rows": "split", "models": several(['"majority"', '"linear"', '"net"'])})),
    Call("", tuple(Named(literal(f"{i}" * 30), literal("it's"), ": ") for i in range(9)), "{}"),
    Call("", (Named('"text"', literal("long " * 40), ": "),), "{}"),
    call("f", a=several([literal("x" * 140)])),
]


def test_code_is_laid_out_as_the_formatter_would():
    text = "\n".join(layout(node, f"A{i} = ") for i, node in enumerate(NODES)) + "\n"
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--config", ROOT / "pyproject.toml", "-"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert text == formatted.stdout
