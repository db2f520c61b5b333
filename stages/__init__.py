"""The shipped stages, one family a file or folder."""

from .baseline import Baseline, Boosting, EncoderLogistic, Majority, NbSvm, Rung, TfidfLogistic
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
    "Boosting",
    "Clean",
    "Cnn",
    "Columns",
    "Compare",
    "CsvFile",
    "Deduplicate",
    "Drift",
    "Embed",
    "Encode",
    "EncoderLogistic",
    "Evaluate",
    "Files",
    "Gru",
    "Ingest",
    "JsonLines",
    "LabelsInParts",
    "Leakage",
    "Lstm",
    "MailFolder",
    "Majority",
    "Mask",
    "Max",
    "Mean",
    "NbSvm",
    "OneLabel",
    "PackageDocstrings",
    "ParquetFiles",
    "Perceptron",
    "Rung",
    "SavedDataset",
    "Source",
    "Split",
    "SqlRows",
    "TextFolder",
    "TextNet",
    "TfidfLogistic",
    "Train",
    "Vectorize",
]
