"""The text of a reading says all of the syntax but docstrings, and no two syntaxes alike."""

import argparse
import ast
import asyncio.base_events
import copy
import dataclasses
import inspect
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fingerprint.reading import reading

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
MODULES = (argparse, asyncio.base_events, dataclasses, inspect, typing)
STATEMENTS = [node for module in MODULES for node in ast.parse(inspect.getsource(module)).body]
ODD = ast.parse(
    """
async def odd(a, /, b=1, *c, d: int = 2, **e):
    global G, H
    async with a as b, c: nonlocal_ = {**a, 'k': [*b, 1j, ...]}
    for i in (x := b)[1:2:3]: del i
    else: raise ValueError from None
    match a:
        case {"k": [1, *rest], **more} | P(q=None): return f"{b!r:>{c}}"
        case _ if not b: yield (lambda *z: await_)(*c, **e)
    try: import os.path as p, sys
    except* OSError as error: assert a @ b, -1 if a < b <= c is not None else 0o7
    finally: a: int = [i async for i in a if i for j in b]
"""
).body


def described(node: ast.stmt) -> str:
    """What `ast.dump` says, without docstrings and the annotations of local variables, and of a class without its methods."""
    node = copy.deepcopy(node)
    forget_annotations(node, local=False)
    if isinstance(node, ast.ClassDef):
        node.body = [item for item in node.body if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner.body = [
                item
                for item in inner.body
                if not (
                    isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)
                )
            ]
    return ast.dump(node)


def forget_annotations(node: ast.AST, local: bool) -> None:
    """Take out those in a function's own scope, which Python does not evaluate."""
    if local and isinstance(node, ast.AnnAssign):
        node.annotation = ast.Constant(None)
    local = (local or isinstance(node, FUNCTION)) and not isinstance(node, ast.ClassDef)
    for inner in ast.iter_child_nodes(node):
        forget_annotations(inner, local)


def text(node: ast.stmt) -> str:
    return reading(node, "package").text


def test_statements_are_alike_in_text_exactly_when_their_syntax_is():
    pairs = {(described(node), text(node)) for node in STATEMENTS + ODD}
    assert len(pairs) == len({dump for dump, _ in pairs}) == len({said for _, said in pairs})
    assert len(pairs) > 200


SMALL = [node for node in STATEMENTS if sum(1 for _ in ast.walk(node)) < 120]


@pytest.mark.parametrize("whole", [*ODD, *SMALL[::20]], ids=lambda node: f"{type(node).__name__} at {node.lineno}")
def test_any_change_of_a_name_a_value_or_a_list_is_seen(whole):
    before, dump, seen = text(whole), described(whole), 0
    for position, node in enumerate(ast.walk(whole)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.AST) or field in ("kind", "type_comment"):
                continue
            other = copy.deepcopy(whole)
            changed = list(ast.walk(other))[position]
            if isinstance(value, list):
                setattr(changed, field, value[:-1])
            else:
                setattr(
                    changed,
                    field,
                    f"{value}x" if isinstance(value, str) else value + 1 if isinstance(value, int) else ("other", value),
                )
            assert (text(other) == before) == (described(other) == dump), (field, ast.dump(node))
            seen += 1
    assert seen


@given(st.sampled_from(STATEMENTS + ODD))
def test_a_reading_names_what_the_syntax_loads(node):
    found = reading(node, "package")
    body = [item for item in getattr(node, "body", []) if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    nodes = [inner for item in (body if isinstance(node, ast.ClassDef) else [node]) for inner in ast.walk(item)]
    names = {inner.id for inner in nodes if isinstance(inner, ast.Name)}
    local = {
        inner.id
        for node in nodes
        if isinstance(node, ast.AnnAssign)
        for inner in ast.walk(node.annotation)
        if isinstance(inner, ast.Name)
    }
    assert names - local <= set(found.names)
    dotted = {inner.attr for inner in nodes if isinstance(inner, ast.Attribute)}
    hinted = {
        inner.attr
        for node in nodes
        if isinstance(node, ast.AnnAssign)
        for inner in ast.walk(node.annotation)
        if isinstance(inner, ast.Attribute)
    }
    assert dotted - hinted <= found.attributes
