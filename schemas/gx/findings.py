"""What Great Expectations says of an expectation, as a finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import Finding
from pipeline.errors import bounded

from ..expectations import Derived, Expectation, RowExpectation
from ..expectations.base import listed, said

_EXAMPLES = 5


def judged(expectation: Expectation, table: pa.Table) -> int:
    """How many rows a rule that no row breaks looks at."""
    if isinstance(expectation, Derived):
        return int(table.num_rows - expectation.derive(table).null_count)
    columns = expectation.reads()
    if not columns or not isinstance(expectation, RowExpectation):
        return int(table.num_rows)
    valid = table[columns[0]].is_valid()
    for column in columns[1:]:
        valid = pc.and_(valid, table[column].is_valid())
    return int(pc.sum(valid).as_py() or 0) - _nan(expectation, table)


def _nan(expectation: Expectation, table: pa.Table) -> int:
    """How many values of its one column it passes over though they are not null."""
    columns = expectation.reads() or ()
    if expectation.judges_nan or len(columns) != 1 or columns[0] not in table.column_names:
        return 0
    column = table[columns[0]]
    return int(pc.sum(pc.is_nan(column)).as_py() or 0) if pa.types.is_floating(column.type) else 0


def finding_of(expectation: Expectation, result: Any, table: pa.Table) -> Finding:
    """One rule's outcome: a rule on a whole that fails, fails for all that it looked at."""
    measured: dict[str, Any] = result.result or {}
    error = _error(result.exception_info)
    columns = expectation.reads() or ()
    total = measured.get("element_count", table.num_rows)
    missing = measured.get("missing_count") or 0
    if len(columns) == 1 and "element_count" not in measured and columns[0] in table.column_names:
        missing = table[columns[0]].null_count  # GX gives no counts for a rule on a column as a whole
    passed = bool(result.success) and not error
    evaluated = 0 if error else total - missing - _nan(expectation, table)
    observed = _observed(measured) if "observed_value" in measured else ""
    return Finding(
        rule=expectation.sentence(),
        column=getattr(expectation, "column", None),
        evaluated=evaluated,
        failed=measured.get("unexpected_count", 0 if passed else evaluated),
        passed=passed,
        severity=expectation.severity,
        mostly=getattr(expectation, "mostly", 1.0),
        observed=observed,
        note=error or ("" if passed else f"found {observed}" if observed else "" if evaluated else "nothing was evaluated"),
        examples=_examples(measured.get("partial_unexpected_list") or ()),
    )


def _observed(measured: dict[str, Any]) -> str:
    """What was measured; of a set, what is missing from the column."""
    if measured.get("partial_missing_list"):
        return f"no {listed(measured['partial_missing_list'])}"
    observed = measured["observed_value"]
    if "observed_partition" in measured.get("details", ()):  # people read shares, not their divergence
        return _shared(measured["details"]["observed_partition"])
    if isinstance(observed, dict) and "values" in observed:  # of quantiles
        observed = observed["values"][0]
    if observed is None:  # a set that occurs whole
        return ""
    observed = _plain(observed)
    if isinstance(observed, float):
        observed = float(f"{observed:.6g}")
    return listed(observed) if isinstance(observed, list) else said(observed)


def _shared(partition: dict[str, Any]) -> str:
    """`0.87 of 'ham', 0.13 of 'spam'`, the greatest share first."""
    shares = sorted(zip(partition["weights"], partition["values"], strict=True), key=lambda pair: -pair[0])
    return ", ".join(f"{share:.3g} of {said(value)}" for share, value in shares[:8])


def _examples(values: Sequence[Any]) -> tuple[str, ...]:
    """The first values that differ, among so many as one can look at in no time."""
    return tuple(dict.fromkeys(bounded(_plain(value)) for value in values[:1000]))[:_EXAMPLES]


def _plain(value: Any) -> Any:
    """As people write it: 3, not np.int64(3)."""
    return value.item() if isinstance(value, np.generic) else value


def _error(info: Any) -> str:
    """GX's exception_info is one mapping, or one for each metric that failed."""
    if not info:
        return ""
    parts = [info] if "raised_exception" in info else list(info.values())
    return bounded("; ".join(sorted({str(part["exception_message"]) for part in parts if part["raised_exception"]})), 200)
