"""The shipped stages, one family a file or folder."""

from .baseline import Baseline
from .checks import Drift, LabelsInParts, Leakage, OneLabel
from .clean import Clean, Deduplicate
from .compare import Compare
from .evaluate import Evaluate
from .ingest import (
    Columns,
    CsvFile,
    Files,
    Ingest,
    JsonLines,
    MailFolder,
    PackageDocstrings,
    ParquetFiles,
    SavedDataset,
    Source,
    SqlRows,
    TextFolder,
)
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
    "Drift",
    "Embed",
    "Encode",
    "Evaluate",
    "Files",
    "Gru",
    "Ingest",
    "JsonLines",
    "LabelsInParts",
    "Leakage",
    "Lstm",
    "MailFolder",
    "Mask",
    "Max",
    "Mean",
    "OneLabel",
    "PackageDocstrings",
    "ParquetFiles",
    "Perceptron",
    "SavedDataset",
    "Source",
    "Split",
    "SqlRows",
    "TextFolder",
    "TextNet",
    "Train",
    "Vectorize",
]
