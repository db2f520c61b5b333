"""Row by row: what a later model puts right, what it breaks, and how much it changes its mind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.digest import Json

from .pairing import Pairing

_IDS = 200
_STATES = ("both_wrong", "fixed", "broken", "both_right")  # by 2 x before + after


def outcomes(pairing: Pairing) -> dict[str, Json]:
    """Counts of rows that both models answer right, that are fixed, broken, or wrong in both, with the first ids; and churn.

    Of several seeds the first one's.  churn: the share of rows whose answer is another one, which may be large where the metrics tie.  Of
    numbers, which nobody hits, churn alone.
    """
    before, after = pairing.rows
    changed = np.array(before["prediction"].to_pylist(), object) != np.array(after["prediction"].to_pylist(), object)
    churn = float(changed.mean()) if len(changed) else 0.0
    if not pairing.after[0].classes:
        return {"churn": churn}
    state = _state(pairing)
    ids = after["id"].to_pylist()
    counts = {name: int((state == number).sum()) for number, name in enumerate(_STATES)}
    rows = {
        f"{name}_rows": [ids[row] for row in np.flatnonzero(state == _STATES.index(name))[:_IDS]]
        for name in ("fixed", "broken")
    }
    return counts | rows | {"churn": churn}


def outcomes_table(name: str, pairing: Pairing) -> pa.Table:
    """model, id, label, before, after, state (null of numbers), loss_before, loss_after: a row a test row."""
    before, after = pairing.rows
    n = after.num_rows
    states = np.array(_STATES, object)[_state(pairing)] if pairing.after[0].classes else [None] * n
    return pa.table(
        {
            "model": pa.array([name] * n, pa.string()),
            "id": after["id"],
            "label": after["label"],
            "before": before["prediction"],
            "after": after["prediction"],
            "state": pa.array(states, pa.string()),
            "loss_before": pa.array(pairing.before[0].row_losses(), pa.float64()),
            "loss_after": pa.array(pairing.after[0].row_losses(), pa.float64()),
        }
    )


def _state(pairing: Pairing) -> np.ndarray[Any, Any]:
    return 2 * pairing.before[0].right().astype(int) + pairing.after[0].right()
