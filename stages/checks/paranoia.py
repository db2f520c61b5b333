"""The list of paranoia: what has fooled others, as checks, for the three steps where it can be seen."""

from __future__ import annotations

from typing import Literal

from pipeline import Check

from .confident import ConfidentAndWrong
from .giveaway import Giveaway
from .leakage import Leakage
from .reuse import TestReuse
from .splitdrift import SplitDrift
from .told import BrokenSlice, Sensitive, Tie, WorstClass


def paranoia(
    step: Literal["split", "evaluate", "compare"], *, text: str | None = "text", severity: Literal["error", "warn"] = "warn"
) -> tuple[Check, ...]:
    """The checks of one step: `Step("split", Split(), reads=..., checks=paranoia("split"))`.

    text: the column of the text, None where there is none.  severity: "error" for checks that stop a run.
    """
    match step:
        case "split":
            return (
                Leakage(text=text, severity=severity),
                Giveaway(text=text, severity=severity),
                SplitDrift(severity=severity),
            )
        case "evaluate":
            behaviour = (Sensitive(severity=severity),) if text else ()
            return (
                TestReuse(severity=severity), WorstClass(severity=severity), BrokenSlice(severity=severity),
                ConfidentAndWrong(severity=severity), *behaviour,
            )  # fmt: skip
        case "compare":
            return (Tie(severity=severity),)
    raise ValueError(f"paranoia has no step {step!r}, expected 'split', 'evaluate' or 'compare'")
