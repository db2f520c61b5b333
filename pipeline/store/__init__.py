"""The store: one folder of objects, actions, records and refs; how it is written, kept and looked after."""

from .local import LocalStore

__all__ = ["LocalStore"]
