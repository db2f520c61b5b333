"""ArrowEngine: Great Expectations over an Arrow table, with no copy into pandas.

Great Expectations asks an execution engine for metrics by name, judges them, and says what it found. `metrics.py` registers
them for this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pyarrow as pa
from great_expectations.core.batch import BatchData
from great_expectations.execution_engine.execution_engine import ExecutionEngine

from pipeline.errors import bounded

from ..expectations import Derived
from .conditions import Values


class ArrowData(BatchData):
    """A table, and columns that are made for a rule when it asks for them.

    exact: what a bound was before Great Expectations made a float of it, by column and float.
    """

    def __init__(
        self,
        engine: ArrowEngine,
        table: pa.Table,
        derived: Mapping[str, Derived],
        exact: Mapping[tuple[str, float], Any],
    ) -> None:
        super().__init__(execution_engine=engine)
        self.table, self.exact = table, exact
        self._derived, self._made = derived, dict[str, Any]()

    def column(self, name: str) -> Any:
        """A chunked array. Raises ValueError for a name that the table does not have."""
        if name in self._made:
            return self._made[name]
        if name in self._derived:
            self._made[name] = _a_value_a_row(self._derived[name].derive(self.table), self.table.num_rows)
            return self._made[name]
        if name not in self.table.column_names:
            raise ValueError(f"no column {name!r}; found {bounded(self.table.column_names)}")
        return self.table[name]

    def columns(self, domain: Values) -> list[Any]:
        """Those that a metric is asked of: one, a pair, or several."""
        names = domain.get("column_list") or [domain[key] for key in ("column", "column_A", "column_B") if domain.get(key)]
        return [self.column(name) for name in names]

    def shown(self, domain: Values) -> list[Any]:
        """The columns whose values say why a row broke a rule; of a derived column, what it was made of."""
        made = self._derived.get(domain.get("column", ""))
        if made is None:
            return self.columns(domain)
        names = made.reads()
        return [self.column(name) for name in (self.table.column_names if names is None else names)]

    def arguments(self, domain: Values, values: Values) -> dict[str, Any]:
        """Of a metric, with bounds as they were declared."""
        column = str(domain.get("column"))
        return {name: self.exact.get((column, v), v) if isinstance(v, float) else v for name, v in values.items()}


class ArrowEngine(ExecutionEngine[Any]):
    """An execution engine whose data is ArrowData."""

    def data(self) -> ArrowData:
        """What is judged."""
        return cast("ArrowData", self.batch_manager.active_batch_data)

    def get_batch_data_and_markers(self, batch_spec: Any) -> Any:
        """Never asked for: the table is given, not read."""
        raise NotImplementedError

    def _comparison_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError

    def _nullity_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError

    def _and_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError

    def _or_condition_to_filter_clause(self, condition: Any) -> Any:
        raise NotImplementedError


def _a_value_a_row(column: Any, rows: int) -> Any:
    if not isinstance(column, pa.Array | pa.ChunkedArray) or len(column) != rows:
        found = f"{len(column)} values" if isinstance(column, pa.Array | pa.ChunkedArray) else type(column).__name__
        raise TypeError(f"the rule gave {found}, expected an Arrow array with a value for each of {rows} rows")
    return pa.chunked_array([column]) if isinstance(column, pa.Array) else column
