"""Record: how a row is declared, read, ruled, and carried between pydantic and Arrow."""

from .column import Column
from .columns import described
from .constraints import Distinct, Key
from .reasons import Refusal
from .record import Record
from .rowrules import row_rule

__all__ = ["Column", "Distinct", "Key", "Record", "Refusal", "described", "row_rule"]
