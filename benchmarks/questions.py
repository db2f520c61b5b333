"""The questions that everybody asks of a net, answered on a pipeline of yours: LSTM or GRU? which regularisation? a larger one?

    python benchmarks/questions.py [PIPELINE] [--step net] [--questions encoder,size] [--seeds 3] [--rows 8000] [--set net.epochs=4]
                                   [--store PATH] [--quick] [--json] [--save]

PIPELINE is `docstrings` or an import string, package.module:variable.  Each option is the pipeline's own training step with what the
question asks about set as `--set` would, trained with each seed on the same rows; no other step runs again.  The metric is the one the
step stops by, of its validation rows after the best epoch: the test rows stay for the report.  What was trained once is found in
the store again, also after the command was stopped.  --rows trains on fewer rows, whole groups of them.
The interval is a t interval of the mean over seeds (95%): what chance in training does, not what other rows would.  Which options differ is
told by Tukey's range with seeds as blocks; "undecided" is an answer.  Seconds are those of the whole step, median over seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from asked import QUESTIONS
from result import document, print_document, tell
from sampled import with_fewer
from seeds import answer, interval, shown

from flows.load import load_pipeline
from pipeline import BrickwiseError, LocalStore, Pipeline, UsageError
from pipeline.publish import load
from pipeline.runner import run
from stages import Train

_LOWER = ("loss", "rmse", "mae")  # of metrics


@dataclass(frozen=True)
class Trained:
    """One training. value: of the metric."""

    metric: str
    value: float
    seconds: float
    parameters: int
    epochs: int


def main() -> None:
    """Train every option of every question, and answer."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pipeline", nargs="?", default="docstrings", help="a shipped name or an import string")
    parser.add_argument("--step", help="the training step; needed where there are several")
    parser.add_argument("--questions", default=",".join(QUESTIONS), help="some of them, with commas: %(default)s")
    parser.add_argument("--seeds", type=int, default=3, choices=range(1, 101), metavar="N", help="trainings of each option")
    parser.add_argument("--rows", type=int, default=8000, help="training rows, about; 0 for all")
    parser.add_argument("--set", action="append", default=[], metavar="STEP.FIELD=VALUE", help="set this for all options")
    parser.add_argument("--store", default=".brickwise")
    parser.add_argument("--quick", action="store_true", help="the first question, two seeds, 200 rows, two epochs")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--save", action="store_true", help="write it to benchmarks/results/ too")
    options = parser.parse_args()
    try:
        found = ask_all(options)
    except BrickwiseError as error:
        sys.exit(f"error: {error}")
    result = document("questions", found)
    if options.save:
        target = Path(__file__).parent / "results" / f"questions-{found['pipeline'].replace(':', '-')}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if options.json:
        print_document(result)


def ask_all(options: argparse.Namespace) -> dict[str, Any]:
    """Every question; one whose options do not fit the net says so in place of an answer. Raises UsageError."""
    import stages.train.fit  # noqa: F401  # not in the seconds of whatever is trained first

    pipeline = load_pipeline(options.pipeline).set(options.set)
    step = _training_step(pipeline, options.step)
    names = options.questions.split(",")
    unknown = [name for name in names if name not in QUESTIONS]
    if unknown:
        raise UsageError(f"question {unknown[0]!r} is unknown, expected some of {', '.join(QUESTIONS)}")
    seeds, size = options.seeds, options.rows
    if options.quick:
        pipeline, names, seeds, size = pipeline.set([f"{step}.epochs=2"]), names[:1], 2, 200
    bench = Bench(_cut(with_fewer(pipeline, step, size) if size else pipeline, step), step, LocalStore(options.store))
    answers: dict[str, Any] = {}
    for name in names:
        try:
            answers[name] = ask(bench, name, seeds)
        except BrickwiseError as error:  # what the others have answered stays
            answers[name] = {"asks": QUESTIONS[name].asks, "not_asked": str(error)}
            print(f"{QUESTIONS[name].asks} not asked: {error}\n", file=sys.stderr)
    return {"pipeline": options.pipeline, "step": step, "rows": size, "seeds": seeds, "set": options.set, "questions": answers}


def ask(bench: Bench, name: str, seeds: int) -> dict[str, Any]:
    """One question: a table, and the answer."""
    question = QUESTIONS[name]
    train = bench.pipeline.steps[bench.step].stage
    options = question.options(train)
    if len(set(options.values())) < len(options):
        raise UsageError("the net has no part that it is about, so that its options are one and the same")
    found: dict[str, list[Trained]] = {option: [] for option in options}
    for seed in range(train.seed, train.seed + seeds):
        for option, settings in options.items():
            found[option].append(bench.train([*settings, f"seed={seed}"]))
            last = found[option][-1]
            print(f"{name}: {option}, seed {seed}: {last.metric} {last.value:.4f} in {last.seconds:.0f} s", file=sys.stderr)
    metric = next(iter(found.values()))[0].metric
    values = {option: [one.value for one in own] for option, own in found.items()}
    told = answer(values, higher=metric not in _LOWER)
    rows = {
        option: {
            **within(interval(values[option]), metric),
            "seconds": round(median(one.seconds for one in own), 1),
            "parameters": own[0].parameters,
            "runs": [asdict(one) for one in own],
            "set": list(options[option]),
        }
        for option, own in found.items()
    }
    tell(
        f"{question.asks} {bench.pipeline.name}, step {bench.step}, {seeds} seeds",
        [
            ("", metric, "seconds", "parameters"),
            *((option, shown(row), f"{row['seconds']:.1f}", f"{row['parameters']:,}") for option, row in rows.items()),
        ],
        [f"answer: {told}"],
    )
    return {"asks": question.asks, "metric": metric, "options": rows, "answer": str(told), "least": told.least}


@dataclass(frozen=True)
class Bench:
    """A pipeline that ends with the training step."""

    pipeline: Pipeline
    step: str
    store: LocalStore

    def train(self, settings: Sequence[str]) -> Trained:
        """Train with these settings, or find what was trained with them before."""
        paths = [f"{self.step}.{setting}" for setting in settings]
        record = run(self.pipeline.set(paths), self.store, settings=paths)
        bad = [step for step in record.steps if step.status not in ("ran", "reused")]
        if bad:
            raise UsageError(f"step {bad[0].name!r} {bad[0].status}: {bad[0].error or bad[0].why}")
        made = record.step(self.step)
        assert made is not None  # noqa: S101  # it is the last of the pipeline's steps
        ports = self.pipeline.ports[self.step].outputs
        log, model = (load(self.store, made.outputs[port], ports[port]).facts for port in ("log", "model"))
        value = log["epochs"][log["best_epoch"] - 1][f"valid_{log['metric']}"]
        seconds = made.seconds if made.status == "ran" else self._seconds(made.key)
        return Trained(log["metric"], value, seconds, model["parameters"], len(log["epochs"]))

    def _seconds(self, key: str) -> float:
        """How long it took when it was made; NaN where no run record tells."""
        steps = (step for document in self.store.runs(self.pipeline.name) for step in document["steps"])
        return next((step["seconds"] for step in steps if step["key"] == key and step["status"] == "ran"), float("nan"))


def within(found: dict[str, float | None], metric: str) -> dict[str, float | None]:
    """An interval of a share, cut where shares end."""
    if metric in _LOWER:
        return found
    return {name: None if value is None else min(max(value, 0.0), 1.0) for name, value in found.items()}


def _training_step(pipeline: Pipeline, wanted: str | None) -> str:
    """The one that trains a net. Raises UsageError where there is none, or more than one and none is named."""
    known = [name for name, step in pipeline.steps.items() if isinstance(step.stage, Train)]
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        found = f"step {wanted!r} trains no net" if wanted else f"{len(known)} steps train nets"
        raise UsageError(
            f"pipeline {pipeline.name!r}: {found}, expected --step with one of: {', '.join(known) or 'none is there'}"
        )
    return wanted


def _cut(pipeline: Pipeline, last: str) -> Pipeline:
    """A step with all that it needs, under a name of their own, so that the pipeline's runs and champion stay what they are."""
    needed = [last]
    for name in needed:  # it grows
        needed += [up for up in pipeline.upstream(name) if up not in needed]
    return Pipeline(f"{pipeline.name}_questions", *(step for name, step in pipeline.steps.items() if name in needed))


if __name__ == "__main__":
    main()
