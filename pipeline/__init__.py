"""The framework: typed stages, wired into pipelines, whose outputs are cached by everything they depend on.

Knows nothing of machine learning, Great Expectations or Prefect.
"""

from .artifact import Artifact, Evaluation, Model, Report, Stored, Vocabulary
from .check import Check, Finding, Receipt
from .errors import (
    BlockedError,
    BrickwiseError,
    BrickwiseWarning,
    DamagedError,
    StageError,
    StoreError,
    UsageError,
    WiringError,
)
from .pipeline import Pipeline, Step
from .plan import Plan, Selection, plan
from .progress import report
from .stage import Stage, record_of
from .store import LocalStore
from .table import Table, sift, turned_away

__all__ = [
    "Artifact",
    "BlockedError",
    "BrickwiseError",
    "BrickwiseWarning",
    "Check",
    "DamagedError",
    "Evaluation",
    "Finding",
    "LocalStore",
    "Model",
    "Pipeline",
    "Plan",
    "Receipt",
    "Report",
    "Selection",
    "Stage",
    "StageError",
    "Step",
    "StoreError",
    "Stored",
    "Table",
    "UsageError",
    "Vocabulary",
    "WiringError",
    "plan",
    "record_of",
    "report",
    "sift",
    "turned_away",
]
