"""The one file that imports Great Expectations: expectations over an Arrow table, as findings.

It goes to GX's validator directly.  `Batch.validate` hashes the whole frame twice first (1.4 s for a million rows), and
Arrow-backed pandas columns take 20 times longer there than pandas' own strings.  GX leaves each frame in a cycle of references: without
a look for cycles after a large one, ten million rows judged in parts took three times the memory of one million.
"""

from __future__ import annotations

import gc
import logging
import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline import Finding
from pipeline.errors import bounded

_shown_by = warnings.showwarning
from great_expectations.core.batch import Batch  # noqa: E402  # after _shown_by, which tells what the import changed
from great_expectations.data_context.data_context.context_factory import set_context  # noqa: E402  # likewise
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext  # noqa: E402
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine.pandas_batch_data import PandasBatchData  # noqa: E402
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine  # noqa: E402
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: E402
from great_expectations.validator.validator import Validator  # noqa: E402

if warnings.showwarning is not _shown_by:
    logging.captureWarnings(False)  # GX turns it on when imported, which would hide everybody's warnings

gc.collect()
gc.freeze()  # what the import made stays; looking through it takes 0.2 s each time

if TYPE_CHECKING:
    from .suite import Expectation

_LARGE = 100_000  # rows: less is left to Python's own pace
_EXAMPLES = 5
_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": _EXAMPLES,
    "return_unexpected_index_query": False,  # a string of all row numbers, which nobody reads
}


def evaluate(expectations: Sequence[Expectation], table: pa.Table) -> list[Finding]:
    """Judge a table; one finding an expectation, in their order.

    An expectation that could not be evaluated (a missing column, a bad pattern) fails, and its note says why.
    """
    context = EphemeralDataContext(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        )
    )
    set_context(context)  # GX asks the current context only whether it is a cloud one, so threads do not disturb each other
    engine = PandasExecutionEngine()
    frame = _frame(table, {name for e in expectations for name in _columns(e)})
    data: Any = PandasBatchData(execution_engine=engine, dataframe=frame)
    validator = Validator(execution_engine=engine, data_context=context, batches=[Batch(data=data)])
    results = validator.graph_validate(
        configurations=[
            ExpectationConfiguration(type=e.kind, kwargs=e.arguments(), meta={"position": position})
            for position, e in enumerate(expectations)
        ],
        runtime_configuration={"result_format": _RESULT_FORMAT, "catch_exceptions": True},
    )
    found: dict[int, Any] = {}
    for result in results:  # those that could not be evaluated come first
        found[result.expectation_config.meta["position"]] = result  # type: ignore[union-attr]  # set above
    findings = [_finding(e, found[position], table) for position, e in enumerate(expectations)]
    if table.num_rows >= _LARGE:
        del context, engine, frame, data, validator, results, found, result
        gc.collect()
    return findings


def evaluate_each(expectations: Sequence[Expectation], tables: Sequence[pa.Table]) -> list[list[Finding]]:
    """Judge several tables by rules that look at one row at a time; one list a table.

    All rows in one go first, which takes little longer than one table does; each table by itself only where that fails.
    """
    together = evaluate(expectations, pa.concat_tables(tables))
    if all(finding.passed for finding in together):
        return [[_counted(finding, table) for finding in together] for table in tables]
    return [evaluate(expectations, table) for table in tables]


def blank(rows: int) -> pa.Table:
    """So many rows of nothing, for expectations that only count them."""
    return pa.table({"": pa.nulls(rows)})


def _counted(finding: Finding, table: pa.Table) -> Finding:
    """What a rule that every row keeps found in some of the rows."""
    evaluated = table.num_rows - table[finding.column].null_count if finding.column else max(table.num_rows, 1)
    return finding.model_copy(update={"evaluated": evaluated})


def _columns(expectation: Expectation) -> tuple[str, ...]:
    column = getattr(expectation, "column", None)
    return (column,) if column else ()


def _frame(table: pa.Table, used: set[str]) -> pd.DataFrame:
    """pandas, with data only in the columns that an expectation reads."""
    index = pd.RangeIndex(table.num_rows)
    blank = pd.Series(False, index=index)
    columns = {name: _series(table[name]) if name in used else blank for name in table.column_names}
    return pd.DataFrame(columns, index=index, copy=False)


def _series(column: pa.ChunkedArray) -> Any:
    """The column as the pandas type for which GX has a vectorised path."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ns", tz=column.type.tz))
    if pa.types.is_int64(column.type) and column.null_count:
        return column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return column.to_pandas()


def _finding(expectation: Expectation, result: Any, table: pa.Table) -> Finding:
    measured: dict[str, Any] = result.result or {}
    error = _error(result.exception_info)
    columns = _columns(expectation)
    total = measured.get("element_count", table.num_rows)
    missing = measured.get("missing_count") or 0
    if columns and "element_count" not in measured and columns[0] in table.column_names:
        missing = table[columns[0]].null_count  # GX gives no counts for a rule on a column as a whole
    evaluated = 0 if error else total - missing if columns else max(total, 1)
    passed = bool(result.success) and not error
    failed = measured.get("unexpected_count", 0 if passed else evaluated)
    note = error or ("" if passed or "observed_value" not in measured else f"found {bounded(measured['observed_value'])}")
    return Finding(
        rule=_rule(expectation),
        column=columns[0] if columns else None,
        evaluated=evaluated,
        failed=failed,
        passed=passed,
        severity=expectation.severity,
        note=note,
        examples=_examples(measured.get("unexpected_list") or measured.get("partial_unexpected_list") or ()),
    )


def _examples(values: Sequence[Any]) -> tuple[str, ...]:
    """The first values that differ, among so many as one can look at in no time."""
    return tuple(dict.fromkeys(bounded(_plain(value)) for value in values[:1000]))[:_EXAMPLES]


def _plain(value: Any) -> Any:
    """As people write it: 3, not np.int64(3); None, not nan, which pandas makes of a null text."""
    if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _rule(expectation: Expectation) -> str:
    given = {k: v for k, v in expectation.arguments().items() if k != "column" and v not in (None, False)}
    shown = ", ".join(f"{name}={bounded(value, 60)}" for name, value in given.items())
    return f"{expectation.kind}({shown})"


def _error(info: Any) -> str:
    """GX's exception_info is one mapping, or one for each metric that failed."""
    if not info:
        return ""
    parts = [info] if "raised_exception" in info else list(info.values())
    return bounded("; ".join(sorted({str(part["exception_message"]) for part in parts if part["raised_exception"]})), 200)
