"""Train: fit a net to the training rows. See README.md in this folder."""

from .stage import Train

__all__ = ["Train"]
