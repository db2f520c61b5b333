"""Features: how columns of rows become the numbers that a net reads, fitted on the training rows."""

from .base import Feature
from .categories import Categories
from .characters import Characters
from .dates import Dates
from .numbers import Numbers
from .subwords import Subwords
from .tags import Tags
from .words import Words

__all__ = ["Categories", "Characters", "Dates", "Feature", "Numbers", "Subwords", "Tags", "Words"]
