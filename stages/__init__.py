"""The shipped stages, one family a file or folder."""

from .baseline import Baseline
from .clean import Clean, Deduplicate
from .compare import Compare
from .evaluate import Evaluate
from .ingest import Columns, CsvFile, Ingest, PackageDocstrings, Source
from .train import (
    Attend,
    Attention,
    Bag,
    Cnn,
    Embed,
    Encode,
    Gru,
    Lstm,
    Max,
    Mean,
    Perceptron,
    TextNet,
    Train,
)
from .transform import Mask, Split
from .vectorize import Vectorize

__all__ = [
    "Attend",
    "Attention",
    "Bag",
    "Baseline",
    "Clean",
    "Cnn",
    "Columns",
    "Compare",
    "CsvFile",
    "Deduplicate",
    "Embed",
    "Encode",
    "Evaluate",
    "Gru",
    "Ingest",
    "Lstm",
    "Mask",
    "Max",
    "Mean",
    "PackageDocstrings",
    "Perceptron",
    "Source",
    "Split",
    "TextNet",
    "Train",
    "Vectorize",
]
