"""Evaluate: what models say of the test rows, and how sure one can be of it."""

from .stage import Evaluate

__all__ = ["Evaluate"]
