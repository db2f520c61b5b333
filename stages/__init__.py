"""The shipped stages, one family a file or folder."""

from .baseline import Baseline
from .clean import Clean, Deduplicate
from .compare import Compare
from .evaluate import Evaluate
from .ingest import Columns, CsvFile, Files, Ingest, JsonLines, PackageDocstrings, ParquetFiles, Source
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
    "Files",
    "Gru",
    "Ingest",
    "JsonLines",
    "Lstm",
    "Mask",
    "Max",
    "Mean",
    "PackageDocstrings",
    "ParquetFiles",
    "Perceptron",
    "Source",
    "Split",
    "TextNet",
    "Train",
    "Vectorize",
]
