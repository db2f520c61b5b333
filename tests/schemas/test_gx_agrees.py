"""Great Expectations over Arrow says what Great Expectations over pandas says, on random tables."""

import math
from datetime import date

import hypothesis.strategies as st
import pandas as pd
import pyarrow as pa
import pytest
from great_expectations.core.batch import Batch
from great_expectations.execution_engine.pandas_batch_data import PandasBatchData
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.validator import Validator
from hypothesis import Phase, given, settings

from schemas import (
    Between,
    ColumnsAre,
    ContainsAll,
    DistinctCount,
    Equal,
    Greater,
    Greatest,
    InSet,
    Least,
    Lengths,
    Matches,
    Mean,
    Median,
    MostCommon,
    NotInSet,
    NotMatches,
    NotNull,
    NotNullShare,
    PairsInSet,
    Quantile,
    RowCount,
    Shares,
    Stdev,
    Sum,
    SumIs,
    Unique,
    UniqueShare,
    UniqueTogether,
)
from schemas.gx import evaluate
from schemas.gx.evaluate import _context, _results

COMPLETE = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
EXPECTATIONS = [
    NotNull(column="n"), NotNull(column="s", mostly=0.6), Unique(column="n"), Unique(column="s", mostly=0.5), InSet(column="n", values=(0, 1)),
    InSet(column="s", values=("", "a"), mostly=0.5), InSet(column="d", values=(date(2020, 1, 1),)), NotInSet(column="s", values=("b",)),
    Between(column="n", min_value=-1, max_value=2), Between(column="x", min_value=0, strict_min=True, mostly=0.4),
    Between(column="x", max_value=1.5, strict_max=True), Lengths(column="s", min_value=1, max_value=2), Matches(column="s", pattern="^[ab]"),
    NotMatches(column="s", pattern="b"), Greater(first="n", second="m"), Greater(first="n", second="m", or_equal=True, mostly=0.5),
    Equal(first="n", second="m"), PairsInSet(first="n", second="s", pairs=((0, "a"), (1, ""))), SumIs(columns=("n", "m"), total=1),
    UniqueTogether(columns=("n", "s")), UniqueTogether(columns=("n", "m", "s"), mostly=0.5), Mean(column="x", min_value=0, max_value=1),
    Median(column="x", min_value=0, max_value=1), Median(column="n", max_value=0), Stdev(column="x", max_value=1), Sum(column="n", min_value=1),
    Quantile(column="x", quantile=0.3, max_value=0.5), Least(column="n", min_value=-1), Greatest(column="x", max_value=1),
    Greatest(column="d", max_value=date(2020, 1, 2)), DistinctCount(column="s", min_value=2), UniqueShare(column="n", min_value=0.5),
    NotNullShare(column="n", max_value=0.5), ContainsAll(column="s", values=("a", "b")), ContainsAll(column="n", values=(0,)),
    MostCommon(column="s", values=("a",)), MostCommon(column="n", values=(0, 1), ties_okay=True), Shares(column="s", shares={"a": 0.5, "b": 0.5}),
    Shares(column="s", shares={"a": 0.5, "b": 0.5}, other=0.2, within=0.3), RowCount(min_value=3), ColumnsAre(columns=("n", "m", "s", "x", "d")),
]  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-2, 3), st.none() | st.integers(-2, 3), st.none() | st.sampled_from(["", "a", "b", "ab", "日本語"]),
        st.none() | st.floats(-2, 2), st.none() | st.dates(date(2019, 12, 30), date(2020, 1, 4)),
    ),
    max_size=12,
)  # fmt: skip
SCHEMA = pa.schema([("n", pa.int64()), ("m", pa.int64()), ("s", pa.string()), ("x", pa.float64()), ("d", pa.date32())])


FULL = (0, 0, "a", 0.5, date(2020, 1, 1))  # of columns without a value the two measure nothing in different words


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate), database=None)
@given(ROWS)
def test_verdict_counts_rows_and_measures_are_those_of_pandas(rows):
    columns = list(zip(FULL, *rows, strict=True))
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
    for expectation, ours, theirs in zip(EXPECTATIONS, _results(EXPECTATIONS, table, COMPLETE), by_pandas(table), strict=True):
        assert said(ours) == said(theirs), expectation


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda e: type(e).__name__)
def test_no_agreement_is_one_of_errors(expectation):
    table = pa.table([pa.array([v, v], f.type) for v, f in zip(FULL, SCHEMA, strict=True)], schema=SCHEMA)
    (finding,) = evaluate([expectation], table)
    assert finding.evaluated == 2


def by_pandas(table):
    frame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    frame["s"] = table["s"].to_pandas().astype(object)
    engine = PandasExecutionEngine()
    batch = Batch(data=PandasBatchData(execution_engine=engine, dataframe=frame))
    validator = Validator(execution_engine=engine, data_context=_context(), batches=[batch])
    configurations = [
        ExpectationConfiguration(type=e.kind, kwargs=e.arguments(), meta={"position": position})
        for position, e in enumerate(EXPECTATIONS)
    ]
    results = validator.graph_validate(
        configurations=configurations, runtime_configuration={"result_format": COMPLETE, "catch_exceptions": True}
    )
    found = {result.expectation_config.meta["position"]: result for result in results}
    return [found[position] for position in range(len(EXPECTATIONS))]


def said(result):
    """Verdict, counts, rows and what was measured, so that both can be compared."""
    measured = result.result or {}
    counts = {
        name: measured.get(name) for name in ("element_count", "unexpected_count", "missing_count", "unexpected_index_list")
    }
    return bool(result.success), counts, plain(measured.get("observed_value"))


def plain(value):
    if isinstance(value, dict):
        value = value["values"]
    if isinstance(value, list | set | tuple):
        return sorted(map(str, value)) if not all(isinstance(v, float) for v in value) else [plain(v) for v in value]
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return round(float(value), 9) if isinstance(value, int | float) or hasattr(value, "item") else str(value)
