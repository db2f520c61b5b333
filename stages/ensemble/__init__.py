"""Ensembles: several models as one."""

from .stage import Average, Stack

__all__ = ["Average", "Stack"]
