"""The pipeline that `report.py` reports on: invented models, measured and compared by the stages that measure and compare real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pipeline import Gate, Pipeline, Report, Stage, Step, Table
from schemas import SplitText
from stages import Compare, Evaluate, SplitDrift
from stages.evaluate.stage import Evaluated

if TYPE_CHECKING:
    import numpy as np

    from stages.evaluate.outputs import Said

    Array = np.ndarray[Any, Any]

CLASSES = tuple(f"class {number:02}" for number in range(18))
MODELS = ("majority", "linear", "net_1", "net_2")  # those of two are the last
_WORDS = 4_000
_KINDS = 6


class Line(SplitText):
    """kind: what slices are cut by."""

    kind: str


class Lines(Stage):
    """Texts of 15 words. rows: for testing, beside a fifth as many to learn from. Returns all, in groups of five."""

    keeps_rows: ClassVar[bool] = False
    rows: int = 50_000

    def run(self) -> Table[Line]:
        """Drawn with a fixed seed."""
        import numpy as np
        import pyarrow as pa

        n = self.rows + self.rows // 5
        random = np.random.default_rng(1)
        words = np.array([f"word{number}" for number in range(_WORDS)])
        texts = [" ".join(line) for line in words[(_WORDS * random.random((n, 15)) ** 3).astype(int)]]
        split = ["test" if row < self.rows else "valid" if row % 4 == 0 else "train" for row in range(n)]
        groups = [f"group {row // 5}" for row in range(n)]
        columns = {"id": [f"row {row}" for row in range(n)], "text": texts, "split": split, "group": groups}
        columns["label"] = [CLASSES[number] for number in random.integers(0, len(CLASSES), n)]
        columns["kind"] = [f"kind {number}" for number in random.integers(0, _KINDS, n)]
        return Table.of(Line, pa.table(columns).select(list(Line.columns())))


class Judge(Stage):
    """As Evaluate, of models that answer by the number of a row. models: how many.  skill: of the last one. rows: n rows. Returns what Evaluate does."""

    packages: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "scikit-learn", "statsmodels", "cleanlab", "pyarrow")
    reaches: ClassVar[tuple[Any, ...]] = ()  # no part is looked up by name here
    keeps_rows: ClassVar[bool] = False
    skill: float = 0.68
    models: int = 2

    def run(self, rows: Table[Line]) -> Evaluated:
        """Each model is a little better than the one before."""
        import numpy as np

        from stages.evaluate.measure import measure

        names = MODELS[-self.models :]
        table = rows.read()
        truth = np.array([CLASSES.index(one) for one in table["label"].to_pylist()])
        said = {name: _model(name, truth, self.skill - 0.04 * (len(names) - 1 - place)) for place, name in enumerate(names)}
        config = Evaluate(slices=("kind", "length"), seeds={"net": ("net_1", "net_2")})
        return measure(config, table, {"kind": "one_of", "column": "label"}, set(CLASSES), iter(said.items()))


def _model(name: str, truth: Array, skill: float) -> Said:
    """One that finds the class of a share of the rows, and is surer of these."""
    import numpy as np

    from stages.evaluate.outputs import Said

    random = np.random.default_rng([sum(map(ord, name)), int(1000 * skill)])
    n = len(truth)
    chosen = np.where(random.random(n) < skill, truth, random.integers(0, len(CLASSES), n))
    odds = random.dirichlet(np.full(len(CLASSES), 0.3), n) * 0.5
    odds[np.arange(n), chosen] += 0.5

    def predict(rows: Any) -> Array:
        return np.asarray(odds[[int(one[4:]) for one in rows["id"].to_pylist()]])

    return Said(predict, list(CLASSES), {"family": "net", "parameters": 1_340_562, "bytes": 5_513_464, "slots": None})


class Trained(Stage):
    """A log as training writes it, of 30 epochs. rows: any. Returns a report."""

    def run(self, rows: Table[Line]) -> Report:
        """The same for all rows."""
        epochs = [
            {"epoch": one, "train_loss": 2 / one, "valid_loss": 2.2 / one + 0.01 * one, "valid_accuracy": 0.7 - 0.3 / one}
            for one in range(1, 31)
        ]
        return Report(
            facts={"kind": "training", "metric": "accuracy", "best_epoch": 14, "steps": 3000, "at_most": 30, "epochs": epochs,
                   "findings": []}
        )  # fmt: skip


PIPELINE = Pipeline(
    "lines",
    Step("rows", Lines(), checks=(SplitDrift(),)),
    Step("net_2", Trained(), reads={"rows": "rows"}),
    Step("judge", Judge(), reads={"rows": "rows"}),
    Step("against", Compare(model="net_2", baselines=("net_1",)), reads={"evaluation": "judge", "rows": "judge"}),
    gates=(Gate("macro_f1", margin=-0.005, slices="all"),),
)
