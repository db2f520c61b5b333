"""Baselines: the models that a net must beat."""

from .stage import Baseline

__all__ = ["Baseline"]
