"""The one package that imports Great Expectations: expectations over an Arrow table, as findings."""

import logging
import warnings

_shown_by = warnings.showwarning
from .evaluate import blank, broken, evaluate, evaluate_each  # noqa: E402  # after _shown_by, which tells what the import changed

if warnings.showwarning is not _shown_by:
    logging.captureWarnings(False)  # GX turns it on when imported, which would hide everybody's warnings

__all__ = ["blank", "broken", "evaluate", "evaluate_each"]
