"""The whole list in a pipeline: every check finds what it looks at in what the stages really write."""

from pipeline import Pipeline, Stage, Step, Table
from schemas import SplitText
from stages import Baseline, Compare, Evaluate, Majority, NbSvm, paranoia


class Rows(Stage):
    """The toy problem."""

    n: int = 1500
    seed: int = 0

    def run(self) -> Table[SplitText]:
        from random import Random

        draw = Random(self.seed)
        words = {"red": ["crimson", "scarlet"], "blue": ["azure", "navy"]}
        labels = [draw.choice(["red", "blue"]) for _ in range(self.n)]
        noise = [draw.choice(["some", "noise", "here"]) for _ in range(self.n)]
        import pyarrow as pa

        ids = [f"r{i:04}" for i in range(self.n)]
        table = {
            "id": ids,
            "text": [
                f"{draw.choice(words[label])} {other} {i}" for i, (label, other) in enumerate(zip(labels, noise, strict=True))
            ],
            "label": labels,
            "split": ["test" if i % 3 == 0 else "train" for i in range(self.n)],
            "group": ids,
        }
        return Table.of(SplitText, pa.table(table))


def paranoid(seed=0, **evaluate):
    return Pipeline(
        "paranoid",
        Step("split", Rows(seed=seed), checks=tuple(c for c in paranoia("split") if c.name != "leakage")),  # there are no valid rows
        Step("majority", Baseline(model=Majority()), reads={"rows": "split"}),
        Step("nb_svm", Baseline(model=NbSvm()), reads={"rows": "split"}),
        Step(
            "report",
            Evaluate(resamples=200, **evaluate),
            reads={"rows": "split", "models": ("majority", "nb_svm")},
            checks=paranoia("evaluate"),
        ),
        Step("compare", Compare(model="nb_svm", baselines=("majority",)), reads={"evaluation": "report", "rows": "report"}, checks=paranoia("compare")),
    )  # fmt: skip


def found(record):
    return {
        receipt.check: [finding for finding in receipt.findings if not finding.passed]
        for step in record.steps
        for receipt in step.receipts
    }


def test_the_list_judges_what_the_stages_write(tmp_path):
    record = paranoid().run(store=tmp_path / "s")
    assert record.status == "done"
    failing = {name: findings for name, findings in found(record).items() if findings}
    assert failing.pop("sensitive")[0].examples[0].startswith("trivial edits, typo: ")  # a word it never saw
    assert failing.pop("worst_class")[0].rule == "majority: recall of no class is below 0.5"
    words = failing.pop("giveaway")[0]
    assert {example.split(":")[0] for example in words.examples} <= {"crimson", "scarlet", "azure", "navy"}
    assert failing == {}
    again = paranoid(slices=()).run(store=tmp_path / "s")
    (reuse,) = [
        f for step in again.steps for receipt in step.receipts if receipt.check == "test_reuse" for f in receipt.findings
    ]
    assert reuse.observed == "2"  # other slices, the same rows
    assert paranoid(slices=()).run(store=tmp_path / "s").status == "up-to-date"
