"""The shipped pipeline: which library wrote this docstring?"""

from __future__ import annotations

from pipeline import Gate, Limit, Pipeline, Step
from schemas import DistinctCount, Docstring, RawDocstring, RowCount, SplitDocstring, Suite, Tokens
from stages import (
    Baseline,
    Clean,
    Cnn,
    Compare,
    Deduplicate,
    Drift,
    Evaluate,
    Ingest,
    Learned,
    Majority,
    Mask,
    Max,
    Measure,
    NbSvm,
    OneLabel,
    OneOf,
    PackageDocstrings,
    Split,
    TextNet,
    TfidfLogistic,
    Train,
    Vectorize,
    Words,
    paranoia,
)

# The distributions that brickwise itself brings, with 500 docstrings or more outside their tests.
LIBRARIES = (
    "torch", "sympy", "scipy", "pandas", "prefect", "SQLAlchemy", "scikit-learn", "redis", "networkx",
    "apprise", "numpy", "great_expectations", "beartype", "altair", "pydantic", "narwhals", "rich", "fsspec",
)  # fmt: skip

NAMES = (
    "pytorch", "torch", "sympy", "scipy", "pandas", "prefect", "sqlalchemy", "scikit[-_ ]?learn", "scikit",
    "sklearn", "redis", "networkx", "apprise", "numpy", "great[-_ ]?expectations", r"\bgx\b", "beartype", "altair", "pydantic",
    "narwhals?", r"\brich\b", "fsspec",
)  # fmt: skip
ALIASES = ("np", "pd", "sp", "sa", "nx", "gx", "gxe", "alt", "nw", "sps")

ENOUGH = Suite(
    name="enough to learn from",
    expectations=(RowCount(min_value=10_000), DistinctCount(column="label", min_value=5)),
    hint="this environment holds too few docstrings; install the pinned dependencies (make demo does)",
)

docstrings = Pipeline(
    "docstrings",
    Step("raw", Ingest[RawDocstring](source=PackageDocstrings(packages=LIBRARIES)), checks=(ENOUGH,)),
    Step("clean", Clean[Docstring](min_chars=20), reads={"rows": "raw"}, checks=(Limit(fraction=0.1),)),
    Step(
        "mask",
        Mask[Docstring](stems=NAMES, aliases=ALIASES),
        reads={"rows": "clean"},
        checks=(OneLabel(severity="warn"),),  # libraries say some things in the same words
    ),
    Step("unique", Deduplicate[Docstring](), reads={"rows": "mask"}),
    Step(
        "split",
        Split[SplitDocstring](by="file", valid=0.1, test=0.2),
        reads={"rows": "unique"},
        checks=(*paranoia("split"), Drift(severity="warn")),
    ),
    Step("features", Vectorize[Tokens](features={"tokens": Words(size=20_000)}), reads={"rows": "split"}),
    Step("majority", Baseline(model=Majority()), reads={"rows": "split"}),
    Step("nb_svm", Baseline(model=NbSvm()), reads={"rows": "split"}),
    Step("linear", Baseline(model=TfidfLogistic()), reads={"rows": "split"}),
    Step(
        "net",
        Train(  # dropout and smoothing as the validation rows have it: 0.759 right, 0.746 with the defaults
            model=TextNet(embed=Learned(dropout=0.4), encode=Cnn(windows=(1, 2, 3), channels=128), attend=Max()),
            target=OneOf(smoothing=0.1),
        ),
        reads={"rows": "features", "vocabulary": "features"},
    ),
    Step(
        "report",
        Evaluate(slices=("kind", "length")),
        reads={"rows": "split", "models": ("majority", "nb_svm", "linear", "net")},
        checks=paranoia("evaluate"),
    ),
    Step(
        "compare",
        Compare(model="net", baselines=("linear", "nb_svm", "majority")),
        reads={"evaluation": "report", "rows": "report"},
        checks=paranoia("compare"),
    ),
    Step(
        "speed",  # after all others, which would be timed with it
        Measure(),
        reads={"rows": "split", "models": ("majority", "nb_svm", "linear", "net"), "after": "compare"},
    ),
    gates=(Gate("accuracy", margin=-0.02),),  # a run that may have lost two points does not replace the champion by itself
)
