"""Compare: models against each other on the same rows, within a run and between runs."""

from .stage import Compare

__all__ = ["Compare"]
