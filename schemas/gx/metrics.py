"""The metrics of ArrowEngine, registered under Great Expectations' own names, so that its own expectations judge them.

Those of each row follow from `conditions.py`, those of a whole from `statistics.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from great_expectations.core.id_dict import IDDict
from great_expectations.exceptions.exceptions import MetricProviderError
from great_expectations.expectations.metrics.metric_provider import MetricProvider
from great_expectations.expectations.registry import (
    get_metric_kwargs,
    register_core_expectations,
    register_core_metrics,
    register_metric,
)
from great_expectations.validator.metric_configuration import MetricConfiguration

from .compare import decoded
from .conditions import CONDITIONS, Values
from .engine import ArrowEngine
from .statistics import STATISTICS

_SHOWN = 1000  # values that broke a rule: so many as one can look at in no time


class _Metric(MetricProvider):
    @classmethod
    def _get_evaluation_dependencies(
        cls, metric: MetricConfiguration, *_asked: Any, **_more: Any
    ) -> dict[str, MetricConfiguration]:
        return {}


class _OfRows(_Metric):
    """What follows from a condition: `column_values.between.unexpected_count` from `column_values.between.condition`."""

    @classmethod
    def _get_evaluation_dependencies(
        cls, metric: MetricConfiguration, *_asked: Any, **_more: Any
    ) -> dict[str, MetricConfiguration]:
        name = metric.metric_name.rpartition(".")[0]
        values = {key: value for key, value in metric.metric_value_kwargs.items() if key != "result_format"}
        return {"holds": MetricConfiguration(f"{name}.condition", metric.metric_domain_kwargs, IDDict(values))}


def _condition(rule: Callable[..., Any]) -> Callable[..., Any]:
    def holds(execution_engine: ArrowEngine, metric_domain_kwargs: Values, metric_value_kwargs: Values, **asked: Any) -> Any:
        data = execution_engine.data()
        return rule(data.columns(metric_domain_kwargs), data.arguments(metric_domain_kwargs, metric_value_kwargs))

    return holds


def _statistic(measure: Callable[..., Any]) -> Callable[..., Any]:
    def measured(execution_engine: ArrowEngine, metric_domain_kwargs: Values, metric_value_kwargs: Values, **asked: Any) -> Any:
        (column,) = execution_engine.data().columns(metric_domain_kwargs)
        return measure(decoded(column), metric_value_kwargs)

    return measured


def _judged_count(metrics: Values, **asked: Any) -> int:
    return len(metrics["holds"]) - int(metrics["holds"].null_count)


def _broken_count(metrics: Values, **asked: Any) -> int:
    return _judged_count(metrics) - int(pc.sum(metrics["holds"]).as_py() or 0)


def _broken_rows(metrics: Values, **asked: Any) -> list[int]:
    return list(_rows_of(metrics["holds"]).to_pylist())


def _broken_values(execution_engine: ArrowEngine, metrics: Values, metric_domain_kwargs: Values, **asked: Any) -> list[Any]:
    """The first of them, as Python values; of several columns, as tuples."""
    if not _broken_count(metrics):
        return []
    rows = _rows_of(metrics["holds"])[:_SHOWN]
    shown = [_listed(column.take(rows)) for column in execution_engine.data().shown(metric_domain_kwargs)]
    return shown[0] if len(shown) == 1 else list(zip(*shown, strict=True))


def _nothing(**asked: Any) -> None:
    """A query that would find the rows; nobody reads it."""


def _row_count(execution_engine: ArrowEngine, **asked: Any) -> int:
    return int(execution_engine.data().table.num_rows)


def _column_names(execution_engine: ArrowEngine, **asked: Any) -> list[str]:
    return list(execution_engine.data().table.column_names)


def _rows_of(holds: Any) -> Any:
    return pc.indices_nonzero(pc.invert(holds).fill_null(False))


def _listed(values: Any) -> list[Any]:
    """Python values; as text where Python has none such, as of a year after 9999."""
    try:
        return list(values.to_pylist())
    except (ValueError, OverflowError):
        return list(values.cast(pa.string()).to_pylist())


def _provide(name: str, provider: type[MetricProvider], metric: Callable[..., Any]) -> None:
    """Under the name and the arguments that Great Expectations knows it by; what it has no name for, it never asks for."""
    try:
        known = get_metric_kwargs(name)
    except MetricProviderError:
        return
    register_metric(
        metric_name=name,
        metric_domain_keys=known["metric_domain_keys"],
        metric_value_keys=known["metric_value_keys"],
        execution_engine=ArrowEngine,
        metric_class=provider,
        metric_provider=metric,
    )


_OF_ROWS: dict[str, Callable[..., Any]] = {
    "unexpected_count": _broken_count,
    "filtered_row_count": _judged_count,
    "unexpected_values": _broken_values,
    "unexpected_index_list": _broken_rows,
    "unexpected_index_query": _nothing,
}


@cache
def register() -> None:
    """Make them known to Great Expectations, once a process."""
    register_core_metrics()
    register_core_expectations()
    for name, rule in CONDITIONS.items():
        _provide(f"{name}.condition", _Metric, _condition(rule))
        for suffix, metric in _OF_ROWS.items():
            _provide(f"{name}.{suffix}", _OfRows, metric)
    for name, measure in STATISTICS.items():
        _provide(name, _Metric, _statistic(measure))
    _provide("table.row_count", _Metric, _row_count)
    _provide("table.columns", _Metric, _column_names)
