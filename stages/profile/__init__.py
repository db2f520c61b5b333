"""Profile: what a table holds, column by column, measured in bounded memory and kept with the table."""

from .kept import kept_profile
from .measure import profile

__all__ = ["kept_profile", "profile"]
