"""The framework: typed stages, wired into pipelines, whose outputs are cached by everything they depend on.

Knows nothing of machine learning, Great Expectations or Prefect.
"""

from .artifact import Artifact, Diff, Evaluation, Model, Report, Stored, Vocabulary
from .check import Check, Finding, Receipt
from .errors import (
    BlockedError,
    BrickwiseError,
    BrickwiseWarning,
    DamagedError,
    GateError,
    StageError,
    StoreError,
    UsageError,
    WiringError,
)
from .gate import Gate, GateOutcome
from .limit import Limit
from .pipeline import Pipeline, Step
from .plan import Plan, Selection, plan
from .progress import report
from .quarantine import LINE, SOURCE, sift, turned_away
from .stage import Outside, Stage, record_of
from .stopping import Stopped, saving
from .store.local import LocalStore
from .table import Table, cut
from .workplace import Workplace, workplace

__all__ = [
    "LINE",
    "SOURCE",
    "Artifact",
    "BlockedError",
    "BrickwiseError",
    "BrickwiseWarning",
    "Check",
    "DamagedError",
    "Diff",
    "Evaluation",
    "Finding",
    "Gate",
    "GateError",
    "GateOutcome",
    "Limit",
    "LocalStore",
    "Model",
    "Outside",
    "Pipeline",
    "Plan",
    "Receipt",
    "Report",
    "Selection",
    "Stage",
    "StageError",
    "Step",
    "Stopped",
    "StoreError",
    "Stored",
    "Table",
    "UsageError",
    "Vocabulary",
    "WiringError",
    "Workplace",
    "cut",
    "plan",
    "record_of",
    "report",
    "saving",
    "sift",
    "turned_away",
    "workplace",
]
