"""A metric of one's own: one function with a direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from pipeline.frozen import Frozen

if TYPE_CHECKING:
    import numpy as np


class Metric(Frozen):
    """Derive from it, say which direction is better, and define `measure`: `Evaluate(metrics=(Cost(),))`.

    It is given its interval by the bootstrap over groups of rows and, between models, paired: it is called some thousand times.
    """

    higher: ClassVar[bool] = True

    name: str = Field(pattern="[a-z][a-z0-9_]*")

    def measure(self, truth: np.ndarray[Any, Any], outputs: np.ndarray[Any, Any], classes: tuple[str, ...]) -> float:
        """truth: [n], class numbers or numbers (for several of them [n, classes] of 0 and 1); outputs: [n, classes], or [n, 1].

        NaN where it is not defined on these rows: it is then `not evaluated`.
        """
        raise TypeError(f"metric {type(self).__name__} must define measure(self, truth, outputs, classes)")
