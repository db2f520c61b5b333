"""Features: how columns of rows become the numbers that a net reads, fitted on the training rows."""

from .base import Feature
from .words import Words

__all__ = ["Feature", "Words"]
