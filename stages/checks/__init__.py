"""Checks on data, evaluations and reports beside suites: against the champion's, across the parts of a split, of labels; and the list of paranoia."""

from .confident import ConfidentAndWrong
from .drift import Drift
from .giveaway import Giveaway
from .labels import OneLabel
from .leakage import Leakage
from .paranoia import paranoia
from .parts import LabelsInParts
from .reuse import TestReuse
from .splitdrift import SplitDrift
from .told import BrokenSlice, Sensitive, Tie, WorstClass

__all__ = [
    "BrokenSlice",
    "ConfidentAndWrong",
    "Drift",
    "Giveaway",
    "LabelsInParts",
    "Leakage",
    "OneLabel",
    "Sensitive",
    "SplitDrift",
    "TestReuse",
    "Tie",
    "WorstClass",
    "paranoia",
]
