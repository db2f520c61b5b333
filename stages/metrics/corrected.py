"""p-values corrected for how many tests were made."""

from __future__ import annotations

from collections.abc import Sequence

from statsmodels.stats.multitest import multipletests


def holm(ps: Sequence[float]) -> list[float]:
    """Corrected, in their order, so that the chance of any false alarm among them stays what it is for one (Holm 1979)."""
    return [float(p) for p in multipletests(ps, method="holm")[1]] if len(ps) else []
