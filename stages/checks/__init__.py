"""Checks on data beside suites: against the champion's data, across the parts of a split, and of labels."""

from .drift import Drift
from .labels import OneLabel
from .leakage import Leakage
from .parts import LabelsInParts

__all__ = ["Drift", "LabelsInParts", "Leakage", "OneLabel"]
