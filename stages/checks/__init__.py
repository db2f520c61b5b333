"""Checks on data beside suites: against the champion's data, across the parts of a split, and of labels."""

from .drift import Drift
from .labels import OneLabel
from .leakage import Leakage

__all__ = ["Drift", "Leakage", "OneLabel"]
