"""Every metric of ours by name: its direction, what it is, and in which unit it is told."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """higher: whether more is better.  share: from 0 to 1, told in hundredths.  definition: with its version, for two runs to agree on."""

    higher: bool
    share: bool
    definition: str


# A name means the same whichever kind of target it is of.
METRICS = {
    "accuracy": Known(True, True, "1: rows whose class is right"),
    "balanced_accuracy": Known(True, True, "1: mean recall of the classes that the rows hold"),
    "macro_f1": Known(True, True, "1: mean F1 of the classes that the rows hold"),
    "micro_f1": Known(True, True, "1: F1 of all pairs of row and class"),
    "weighted_f1": Known(True, True, "1: mean F1 of the classes, weighted by their rows"),
    "macro_precision": Known(True, True, "1: mean precision of the classes that the rows hold, 0 where one is never chosen"),
    "macro_recall": Known(True, True, "1: mean recall of the classes that the rows hold"),
    "mcc": Known(True, False, "1: Matthews correlation of several classes (Gorodkin 2004), 0 where one class is always chosen"),
    "top_3": Known(True, True, "2: rows whose class is among the three likeliest, of classes as likely the first"),
    "top_5": Known(True, True, "2: rows whose class is among the five likeliest, of classes as likely the first"),
    "auroc": Known(True, True, "1: mean area under the ROC curve of each class against the others"),
    "average_precision": Known(True, True, "1: mean average precision of each class against the others, ties as one step"),
    "exact": Known(True, True, "1: rows all of whose classes are right"),
    "log_loss": Known(False, False, "1: mean of -log of the probability of what was true, at least 1e-12"),
    "brier": Known(False, False, "1: mean squared distance of the probabilities from what was true, summed over classes (Brier 1950)"),
    "mae": Known(False, False, "1: mean absolute error"),
    "rmse": Known(False, False, "1: root of the mean squared error"),
    "r2": Known(True, False, "1: 1 - squared error / squared distance from the mean of these rows"),
}  # fmt: skip

AREAS = ("auroc", "average_precision")  # of ranks among all rows: not measured by slice
