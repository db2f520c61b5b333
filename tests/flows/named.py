"""A pipeline of the real stages whose classes have names of every kind."""

from __future__ import annotations

import pyarrow as pa

from pipeline import Gate, Pipeline, Stage, Step, Table
from schemas import SplitText
from stages import Baseline, Compare, Evaluate, Majority, TfidfLogistic

SCRIPT = "</script><script>alert('x')</script>"
BROKEN = "\"><img src=x onerror=alert(1)>'{{ 7*7 }}"
NAMES = (SCRIPT, BROKEN, '"quoted" & so', "two\nlines", "שלום \u202eexe", "[bold red]x[/]", "a|b `c`", "\x1b[31mred")
ORIGIN = "tests.flows.named:PIPELINE"


class Named(SplitText):
    """With a column to slice by."""

    kind: str


class Rows(Stage):
    """480 rows whose word says their class, but for a share of them. Returns 480 rows."""

    keeps_rows = False
    wrong: int = 9

    def run(self) -> Table[Named]:
        """Made, not read."""
        n = 480
        label = [NAMES[i % len(NAMES)] for i in range(n)]
        word = [f"word{(i + (i % self.wrong == 0)) % len(NAMES)}" for i in range(n)]
        ids = [f"r{i:04} {SCRIPT if i == 7 else ''}" for i in range(n)]
        table = pa.table(
            {
                "id": ids, "text": word, "label": label, "group": ids, "kind": label,
                "split": ["test" if i // len(NAMES) % 2 else "train" for i in range(n)],
            }
        )  # fmt: skip
        return Table.of(Named, table)


PIPELINE = Pipeline(
    "named",
    Step("rows", Rows()),
    Step("majority", Baseline(model=Majority()), reads={"rows": "rows"}),
    Step("linear", Baseline(model=TfidfLogistic()), reads={"rows": "rows"}),
    Step(
        "report",
        Evaluate(slices=("kind",), behaviours=(), resamples=100),
        reads={"rows": "rows", "models": ("majority", "linear")},
    ),
    Step(
        "compare",
        Compare(model="linear", baselines=("majority",), resamples=100),
        reads={"evaluation": "report", "rows": "report"},
    ),
    gates=(Gate("accuracy", margin=-0.5, floor=0.2, slices="all"),),
)
