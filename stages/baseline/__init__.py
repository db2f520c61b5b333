"""Baselines: the ladder of models that a net must beat."""

from .rungs import Boosting, EncoderLogistic, Majority, NbSvm, Rung, TfidfLogistic
from .stage import Baseline

__all__ = ["Baseline", "Boosting", "EncoderLogistic", "Majority", "NbSvm", "Rung", "TfidfLogistic"]
