"""Expectations over an Arrow table, as findings.

It goes to GX's validator directly: `Batch.validate` hashes the data twice first.  GX leaves each table in a cycle of references: without
a look for cycles after a large one, ten million rows judged in parts took three times the memory of one million.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
from great_expectations.core.batch import Batch
from great_expectations.data_context.data_context.context_factory import set_context
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.validator import Validator

from pipeline import Finding

from ..expectations import Derived, Expectation
from .engine import ArrowData, ArrowEngine
from .findings import finding_of, judged
from .metrics import register

register()  # while the import's lock is held
gc.collect()
gc.freeze()  # what the import made stays; looking through it takes 0.2 s each time

_LARGE = 100_000  # rows: less is left to Python's own pace
_BRIEF = {"result_format": "BASIC", "partial_unexpected_count": 1000}
_COMPLETE = {"result_format": "COMPLETE", "exclude_unexpected_values": True, "return_unexpected_index_query": False}


def evaluate(expectations: Sequence[Expectation], table: pa.Table) -> list[Finding]:
    """Judge a table; one finding an expectation, in their order.

    An expectation that could not be evaluated (a missing column, a bad pattern) fails, and its note says why.
    """
    results = _results(expectations, table, _BRIEF)
    return [finding_of(e, result, table) for e, result in zip(expectations, results, strict=True)]


def evaluate_each(expectations: Sequence[Expectation], tables: Sequence[pa.Table]) -> list[list[Finding]]:
    """Judge several tables by rules that look at one row at a time; one list a table.

    All rows in one go first, which takes little longer than one table does; table by table only the rules that a row breaks.
    """
    together = evaluate(expectations, pa.concat_tables(tables))
    kept = [finding.passed and not finding.failed for finding in together]
    again = [e for e, whole in zip(expectations, kept, strict=True) if not whole]
    found = []
    for table in tables:
        alone = iter(evaluate(again, table) if again else ())
        found.append(
            [
                finding.model_copy(update={"evaluated": judged(e, table)}) if whole else next(alone)
                for e, finding, whole in zip(expectations, together, kept, strict=True)
            ]
        )
    return found


def broken(expectation: Expectation, table: pa.Table) -> Any:
    """The numbers of the rows that break it, in order, from 0; none where it cannot be evaluated."""
    (result,) = _results([expectation], table, _COMPLETE)
    return pa.array((result.result or {}).get("unexpected_index_list") or [], pa.int64())


def blank(rows: int) -> pa.Table:
    """So many rows of nothing, for expectations that only count them."""
    return pa.table({"": pa.nulls(rows)})


def _results(expectations: Sequence[Expectation], table: pa.Table, result_format: dict[str, Any]) -> list[Any]:
    found: dict[int, Any] = {}
    for positions, exact in _passes(expectations):
        found |= _validated({position: expectations[position] for position in positions}, table, exact, result_format)
    if table.num_rows >= _LARGE:
        gc.collect()
    return [found[position] for position in range(len(expectations))]


def _validated(
    expectations: dict[int, Expectation], table: pa.Table, exact: dict[tuple[str, float], Any], result_format: dict[str, Any]
) -> dict[int, Any]:
    register()  # done long ago; it is named here for the fingerprint, which follows what functions name
    engine = ArrowEngine()
    made = {_made(position): e for position, e in expectations.items() if isinstance(e, Derived)}
    data: Any = ArrowData(engine, table, made, exact)
    validator = Validator(execution_engine=engine, data_context=_context(), batches=[Batch(data=data)])
    results = validator.graph_validate(
        configurations=[
            ExpectationConfiguration(type=e.kind, kwargs=_arguments(position, e), meta={"position": position})
            for position, e in expectations.items()
        ],
        runtime_configuration={"result_format": result_format, "catch_exceptions": True},
    )
    # those that could not be evaluated come first
    return {result.expectation_config.meta["position"]: result for result in results}  # type: ignore[union-attr]  # set above


def _context() -> EphemeralDataContext:
    """A context that keeps, sends and draws nothing."""
    context = EphemeralDataContext(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        )
    )
    set_context(context)  # GX asks the current context only whether it is a cloud one, so threads do not disturb each other
    return context


def _passes(expectations: Sequence[Expectation]) -> Iterator[tuple[list[int], dict[tuple[str, float], Any]]]:
    """Positions that can be validated together, and what their bounds were before GX makes floats of them.

    Two bounds of one column that are the same float and not the same number are told apart by a pass of their own.
    """
    left = list(range(len(expectations)))
    while left:
        now: list[int] = []
        exact: dict[tuple[str, float], Any] = {}
        for position in left:
            bounds = _floats(expectations[position])
            if all(exact.get(name, bound) == bound for name, bound in bounds.items()):
                exact |= bounds
                now.append(position)
        left = [position for position in left if position not in now]
        yield now, exact


def _floats(expectation: Expectation) -> dict[tuple[str, float], Any]:
    given = expectation.arguments()
    bounds = [given.get("min_value"), given.get("max_value")]
    return {(str(given.get("column")), float(b)): b for b in bounds if isinstance(b, int | float | Decimal)}


def _made(position: int) -> str:
    return f"\0{position}"  # no column of a Record is called so


def _arguments(position: int, expectation: Expectation) -> dict[str, Any]:
    given = expectation.arguments()
    return {**given, "column": _made(position)} if isinstance(expectation, Derived) else given
