"""TestReuse: how often the same test rows have been asked already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline import Check, Evaluation, Finding


class TestReuse(Check):
    """The test rows have not been measured on too often: the best of many tries looks better than it is (Dwork et al. 2015).

    Counts the different evaluations of the same rows, by the digest of their ids and labels, that runs of this pipeline made, this one among them.
    most: how many there may be; then take new test rows, or believe only differences that are larger than what chance gives the best of so many.
    """

    __test__: ClassVar[bool] = False  # no test of pytest's
    remembers: ClassVar[str] = "data.rows"

    name: str = "test_reuse"
    on: str = "evaluation"
    most: int = Field(default=20, ge=1)
    severity: Literal["error", "warn"] = "warn"

    def judge(self, artifact: Evaluation, earlier: Sequence[Any] = ()) -> Iterable[Finding]:
        """One finding; its note says how much chance alone gives the best of so many."""
        rows = artifact.facts.get("data", {}).get("rows")
        if rows is None:
            note = "the evaluation does not say which rows it is of"
            yield Finding(rule="says its rows", evaluated=1, failed=1, passed=False, severity=self.severity, note=note)
            return
        times = 1 + sum(one == rows for one in earlier)
        note = f"{times} evaluations of these rows"
        if times > 1:
            note += f"; by chance alone the best of {times} equal models lies {_best_of(times):.1f} standard errors above them"
        yield Finding(
            rule=f"these test rows were measured at most {self.most} times", evaluated=times, failed=max(0, times - self.most),
            passed=times <= self.most, severity=self.severity, observed=str(times), note=note,
        )  # fmt: skip


def _best_of(times: int) -> float:
    """The expected largest of so many standard normal numbers (Blom 1958)."""
    return NormalDist().inv_cdf((times - 0.375) / (times + 0.25))
