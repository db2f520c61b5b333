"""Of thousands of classes those that anybody says: sums over the others are zero, and cost the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from ..evaluate.answers import Answers
from ..evaluate.one_of import OneOfAnswers

Array = np.ndarray[Any, Any]
MANY = 1000  # classes, below which nothing is gained


def narrowed(answers: Sequence[Answers]) -> list[tuple[Answers, sparse.csr_array]]:
    """Each of several answers to the same rows, over the classes that are true or chosen in any of them, and its columns.

    What is summed is of all classes: the rank of the truth among them, and the distance of all probabilities.  So every metric of sums is
    what it was, and so is which row is right; areas are of no more than 200 classes, and as many are left at least.
    """
    first = answers[0]
    classes = first.outputs.shape[1]
    if type(first) is not OneOfAnswers or classes <= MANY:
        return [(one, one.columns()) for one in answers]
    said = np.zeros(classes, bool)
    said[:_LEAST] = True
    for one in answers:
        said[one.truth] = said[one.outputs.argmax(axis=1)] = True
    kept = np.flatnonzero(said)
    place = np.cumsum(said) - 1
    names = tuple(first.classes[number] for number in kept)
    found: list[tuple[Answers, sparse.csr_array]] = []
    for one in answers:
        columns = one.columns()
        single = columns.shape[1] - 3 * classes  # before hits, choices and truths of each class
        of_kept = np.concatenate([np.arange(single), *(single + part * classes + kept for part in range(3))])
        part_of = replace(one, truth=place[one.truth], outputs=one.outputs[:, kept], classes=names)
        found.append((part_of, columns[:, of_kept]))
    return found


_LEAST = 201  # one more than areas are measured of
