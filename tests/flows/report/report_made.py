"""A pipeline whose stages give hand-made facts of an evaluation and of a diff, some of them hostile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline import Evaluation, Pipeline, Report, Stage, Step, Table
from pipeline.compare import Compared
from pipeline.gate import GateOutcome
from schemas import Prediction, SplitText
from stages import SplitDrift

SCRIPT = "</script><script>alert('x')</script>"
BROKEN = "\"><img src=x onerror=alert(1)>'{{ 7*7 }}"
RIGHT_TO_LEFT = "שלום \u202eexe"
NAMES = ("cat", "dog", SCRIPT, BROKEN, RIGHT_TO_LEFT, "two\nlines")
MODELS = ("majority", "net")


class Rows(Stage):
    """Texts with labels. Returns `count` rows, all for testing."""

    keeps_rows = False
    count: int = 600
    classes: int = 6
    numbers: bool = False

    def run(self) -> Table[SplitText]:
        """Made, not read."""
        rng = np.random.default_rng(1)
        names = names_of(self.classes)
        label = rng.integers(0, len(names), self.count)
        words = ["meow", "growl", "ﬁsh", "İstanbul", SCRIPT, "naïve 猫 🙂", "the quick brown fox says"]
        text = [" ".join(rng.choice(words, 6)) + f" number {i}" for i in range(self.count)]
        return Table.of(
            SplitText,
            pa.table(
                {
                    "id": [f"row {i:06}{BROKEN if i % 50 == 3 else ''}" for i in range(self.count)],
                    "text": text,
                    "label": [str(float(one)) if self.numbers else names[one] for one in label],
                    "split": ["test" if i % 3 else "train" for i in range(self.count)] if self.count < 1000 else ["test"] * self.count,
                    "group": [f"g{i // 4}" for i in range(self.count)],
                }
            ),
        )  # fmt: skip


def names_of(classes: int) -> list[str]:
    """Class names, the first of them hostile."""
    return [*NAMES[:classes], *(f"class {i}" for i in range(len(NAMES), classes))]


class Both(NamedTuple):
    """What an evaluation gives."""

    evaluation: Evaluation
    rows: Table[Prediction]


class Judge(Stage):
    """Say what two models get right; `skill` is the share of the second. rows: n rows. Returns the facts and 2n predictions."""

    keeps_rows: ClassVar[bool] = False
    skill: float = 0.6
    classes: int = 6
    kind: Literal["one_of", "number"] = "one_of"
    shape: Literal["new", "bare", "strange"] = "new"
    seed: int = 11

    def run(self, rows: Table[SplitText]) -> Both:
        """Drawn with a fixed seed."""
        table = rows.read()
        names = names_of(self.classes)
        parts, metrics, details = [], {}, {}
        for model in MODELS:
            told = self._told(table, model, names)
            parts.append(told)
            right = np.array(told["label"].to_pylist()) == np.array(told["prediction"].to_pylist())
            metrics[model], details[model] = self._measured(float(right.mean()), len(right), names, told)
        facts: dict[str, Any] = {"models": list(MODELS), "n": table.num_rows, "groups": table.num_rows // 4, "metrics": metrics}
        facts |= {"target": {"kind": self.kind, "column": "label"}, "classes": [] if self.kind == "number" else names}
        if self.shape == "strange":
            facts |= {"details": {model: dict.fromkeys(("slices", "classes", "calibration", "weakest"), 3) for model in MODELS}}
        elif self.shape == "new":
            facts |= self._more(details, table)
        return Both(Evaluation(facts=facts), Table.of(Prediction, *parts))

    def _told(self, table: pa.Table, model: str, names: list[str]) -> pa.Table:
        n = table.num_rows
        rng = np.random.default_rng([ord(model[0]), int(1000 * self.skill)])
        label = table["label"].to_pylist()
        slices = [[f"kind={('a', 'b', SCRIPT)[i % 3]}", f"length={i % 4}"] for i in range(n)]
        common = {"id": table["id"], "model": [model] * n, "label": label, "group": table["group"], "slices": slices}
        if self.kind == "number":
            said = [float(one) + rng.normal() for one in label]
            loss = [(a - float(b)) ** 2 for a, b in zip(said, label, strict=True)]
            return pa.table(
                common | {"prediction": [str(one) for one in said], "values": [[one] for one in said], "loss": loss}
            ).select(list(Prediction.columns()))
        truth = np.array([names.index(one) for one in label])
        sure = rng.random(n) < (self.skill if model == "net" else 0.3)
        said = np.where(sure, truth, rng.integers(0, len(names), n))
        width = len(names)
        odds = np.full((n, width), 0.0)
        share = rng.uniform(0.4, 0.99, n)
        odds += ((1 - share) / max(1, width - 1))[:, None]
        odds[np.arange(n), said] = share
        loss = -np.log(odds[np.arange(n), truth])
        values = pa.ListArray.from_arrays(pa.array(np.arange(0, n * width + 1, width, dtype=np.int32)), pa.array(odds.ravel()))
        return pa.table(common | {"prediction": [names[one] for one in said], "values": values, "loss": loss}).select(
            list(Prediction.columns())
        )

    def _measured(self, share: float, n: int, names: list[str], told: pa.Table) -> tuple[dict[str, Any], dict[str, Any]]:
        def m(value: float, **more: Any) -> dict[str, Any]:
            return {
                "value": value,
                "low": value - 0.03,
                "high": value + 0.03,
                "n": n,
                "higher": True,
                "status": "ok",
                "method": "bca",
                **more,
            }

        unheard = {
            "value": None,
            "low": None,
            "high": None,
            "n": 3,
            "higher": True,
            "status": "not evaluated",
            "reason": "one class only",
        }
        if self.kind == "number":
            return {"rmse": m(1.0, higher=False), "r2": m(0.4)}, {}
        metrics = {"accuracy": m(share), "macro_f1": m(share - 0.02), "auroc": unheard, "log_loss": m(1.2, higher=False)}
        few = range(len(names) if len(names) <= 100 else 0)
        square = [[40 if a == b else int(a + b == 5) * 12 for a in few] for b in few]
        pairs = [{"label": SCRIPT, "prediction": "dog", "n": 12}, {"label": BROKEN, "prediction": RIGHT_TO_LEFT, "n": 9}]
        points = [
            {"low": i / 10, "high": (i + 1) / 10, "n": 40 + i, "confidence": i / 10 + 0.05, "accuracy": i / 11, "accuracy_low": i / 11 - 0.02,
             "accuracy_high": i / 11 + 0.05} for i in range(3, 10)
        ]  # fmt: skip
        details = {
            "classes": {name: {"precision": m(0.7), "recall": m(0.6), "f1": m(0.3 + i % 6 / 10), "support": 100} for i, name in enumerate(names)},
            "confusion": square or None,
            "confused": pairs,
            "slices": [
                {"column": "kind", "value": value, "name": f"kind={value}", "n": size, "groups": 9, "status": "ok" if size > 30 else "not evaluated",
                 "reason": "" if size > 30 else f"{size} rows, fewer than 30", "metrics": {"accuracy": m(share - gap)}}
                for value, size, gap in (("a", 200, 0.0), ("b", 180, 0.11), (SCRIPT, 4, 0.3))
            ],
            "worst": {"kind": "kind=b"},
            "weakest": [{"where": f"kind=b and length=1-40 {SCRIPT}", "n": 60, "value": 0.61, "rest": 0.33, "p": 0.0004, "p_holm": 0.004}],
            "calibration": {"points": points, "ece": 0.08, "smooth_ece": 0.07, "brier": 0.4, "log_loss": 1.2,
                            "temperature": {"value": 1.6, "fitted_on": "validation", "n": 90, "ece": 0.02}},
            "selective": {"curve": [{"coverage": i / 50, "risk": 0.4 * (i / 50) ** 2} for i in range(1, 51)], "augrc": 0.11, "aurc": 0.13,
                          "thresholds": [{"risk": 0.05, "threshold": 0.9, "coverage": m(0.4), "realised": m(0.05), "status": "ok"},
                                         {"risk": 0.01, "threshold": None, "status": "not evaluated", "reason": "too few rows"}]},
            "behaviour": [{"name": f"typos {SCRIPT}", "kind": "invariance", "n": 100, "failures": 7, "rate": 0.07, "low": 0.03, "high": 0.14,
                           "examples": [{"before": "meow", "after": BROKEN}]}],
        }  # fmt: skip
        return metrics, details

    def _more(self, details: dict[str, Any], table: pa.Table) -> dict[str, Any]:
        ids = table["id"].to_pylist()
        doubted = [{"id": ids[i], "label": "cat", "suggested": SCRIPT, "score": 0.01 * i} for i in range(3, 20)]
        return {
            "schema": "brickwise.evaluation/1", "resamples": 1000, "seed": 7, "details": details,
            "data": {"rows": "0" * 64, "labels": {"cat": 100}, "overlap": {"ids": 0, "groups": 0, "texts": 4}},
            "definitions": {"accuracy": "the share of rows that are right, 1"},
            "model": {"net": {"family": "net", "parameters": 1340562, "bytes": 5513464, "slots": {}}},
            "seeds": {"net": {"models": ["net_1", "net_2"], "metrics": {
                "accuracy": {"value": 0.71, "low": 0.6, "high": 0.82, "n": 400, "higher": True, "status": "ok", "sampling_sd": 0.021, "seed_sd": 0.034},
            }}},
            "suspects": {"n": 2017, "by": ["net"], "rows": doubted, "metrics": {"net": {"accuracy": {"value": 0.7, "low": 0.68, "high": 0.73}}}},
        }  # fmt: skip


class Trained(Stage):
    """A log as training writes it. rows: any. Returns a report."""

    def run(self, rows: Table[SplitText]) -> Report:
        """Six epochs."""
        epochs = [
            {"epoch": i + 1, "train_loss": 2 / (i + 1), "valid_loss": 2.2 / (i + 1) + 0.05 * i, "valid_accuracy": 0.5 + 0.03 * i} for i in range(6)
        ]  # fmt: skip
        findings = [{"check": f"loss {SCRIPT}", "epoch": 2, "found": BROKEN, "expected": "less", "ok": False}]
        return Report(
            facts={
                "kind": "training",
                "metric": "accuracy",
                "best_epoch": 4,
                "steps": 60,
                "at_most": 6,
                "epochs": epochs,
                "findings": findings,
            }
        )


class Timed(Stage):
    """Times as Measure tells them. rows: any. Returns a report."""

    ms: float = 1.5
    threads: int = 1

    def run(self, rows: Table[SplitText]) -> Report:
        """Of one model."""
        net = {
            "p50_ms": self.ms,
            "p95_ms": 2 * self.ms,
            "rows_per_second": 9000.0,
            "load_seconds": 0.1,
            "calls": 20,
            "bytes": 2,
            "parameters": 1,
        }
        machine = {"processor": "abacus", "cores": 1, "system": "wood"}
        return Report(facts={"kind": "speed", "models": {"net": net}, "machine": machine, "batch": 4, "threads": self.threads})


class Against(Stage):
    """Compare by hand-made facts. evaluation, rows: of Judge. Returns which model to keep."""

    keeps_rows: ClassVar[bool] = False
    model: str = "net"
    metric: str = "accuracy"
    baselines: tuple[str, ...] = ("majority",)
    margin: float = 0.005

    def run(self, evaluation: Evaluation, rows: Table[Prediction]) -> Report:
        """The line alone."""
        return Report(
            facts={
                "keep": {"line": "keep net: it is better by 30.0 points of accuracy [27.1, 33.0]"},
                "comparisons": [],
                "n": 1,
            }
        )

    def diff(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
        """Three metrics, of which one cannot be told."""
        a, b = (side["evaluation"].facts["metrics"]["net"] for side in (before, after))
        if "accuracy" not in b:
            return Compared(None, [], {})
        delta = b["accuracy"]["value"] - a["accuracy"]["value"]
        low, high = delta - 0.04, delta + 0.04
        verdict = "better" if low > 0 else "worse" if high < 0 else "undecided"
        one = {"before": a["accuracy"]["value"], "after": b["accuracy"]["value"], "delta": delta, "low": low, "high": high, "method": "bca",
               "test": "exact McNemar", "p": 0.0001, "p_holm": 0.0003, "smallest_effect": 0.03, "margin": self.margin, "higher": True,
               "verdict": verdict, "status": "ok", "reason": ""}  # fmt: skip
        unheard = {
            **dict.fromkeys(("before", "after", "delta", "low", "high")),
            "verdict": None,
            "status": "not evaluated",
            "reason": "one class only",
        }
        slices = [{"name": "kind=b", "column": "kind", "value": "b", "n": 180, "status": "ok", "before": 0.5, "after": 0.6, "delta": 0.1, "low": 0.02,
                   "high": 0.18, "verdict": "better"}]  # fmt: skip
        facts = {
            "comparable": {"status": "partly", "reasons": [f"12 test rows are in one run only {SCRIPT}"]},
            "headline": {"model": self.model, "metric": self.metric, "margin": self.margin},
            "models": {"net": {
                "n": 400, "groups": 100, "left_out": 12, "slices": slices,
                "metrics": {"accuracy": one, "log_loss": {**one, "before": 1.3, "after": 1.2, "delta": -0.1, "low": -0.2, "high": 0.01, "higher": False,
                                                          "verdict": "undecided"}, "auroc": unheard},
                "seeds": {"metric": "accuracy", "k": 2, "seed_sd_before": 0.044, "seed_sd_after": 0.034, "sampling_sd_before": 0.022,
                          "sampling_sd_after": 0.021},
                "calibration": {"smooth_ece": {"before": 0.09, "after": 0.07, "delta": -0.02}},
                "size": {"parameters": {"before": 1340562, "after": 1340000, "delta": -562}},
                "without_suspects": {"n": 380, "metric": "accuracy", "delta": delta, "low": low, "high": high, "verdict": verdict},
            }},
        }  # fmt: skip
        return Compared(
            verdict, [{"model": "net", "metric": "accuracy", "value": one["after"], "other": one["before"], **one}], facts
        )


PIPELINE = Pipeline(
    "made",
    Step("rows", Rows(), checks=(SplitDrift(),)),
    Step("net", Trained(), reads={"rows": "rows"}),
    Step("speed", Timed(), reads={"rows": "rows"}),
    Step("judge", Judge(), reads={"rows": "rows"}),
    Step("against", Against(), reads={"evaluation": "judge", "rows": "judge"}),
)
GATES = (
    GateOutcome(gate="accuracy: margin -0.005", metric="accuracy", model="net", n=400, bound=0.02, required=-0.005, status="passed"),
    GateOutcome(
        gate="accuracy: margin -0.005", metric="accuracy", model="net", slice=f"kind={SCRIPT}", n=4, required=-0.005, status="not evaluated",
        reason="4 rows, fewer than 30",
    ),
)  # fmt: skip
