"""Expectations: what a suite can ask of a table. They are declared here, and judged by Great Expectations in `schemas/gx`."""

from .across import Equal, Greater, PairsInSet, SumIs, UniqueTogether
from .base import Derived, Expectation, RowExpectation, Rule
from .measures import DistinctCount, Greatest, Least, Mean, Median, NotNullShare, Quantile, Stdev, Sum, UniqueShare
from .shares import ContainsAll, MostCommon, Share, Shares
from .values import Between, Finite, InSet, Lengths, Matches, MultipleOf, NotInSet, NotMatches, NotNull, Unique
from .whole import ColumnsAre, Fresh, RowCount, RowCountNear

__all__ = [
    "Between",
    "ColumnsAre",
    "ContainsAll",
    "Derived",
    "DistinctCount",
    "Equal",
    "Expectation",
    "Finite",
    "Fresh",
    "Greater",
    "Greatest",
    "InSet",
    "Least",
    "Lengths",
    "Matches",
    "Mean",
    "Median",
    "MostCommon",
    "MultipleOf",
    "NotInSet",
    "NotMatches",
    "NotNull",
    "NotNullShare",
    "PairsInSet",
    "Quantile",
    "RowCount",
    "RowCountNear",
    "RowExpectation",
    "Rule",
    "Share",
    "Shares",
    "Stdev",
    "Sum",
    "SumIs",
    "Unique",
    "UniqueShare",
    "UniqueTogether",
]
