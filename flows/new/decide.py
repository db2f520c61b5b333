"""Decide: how the rows are split and which net they get, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline import UsageError
from pipeline.errors import bounded
from schemas import SplitText
from stages import Split

if TYPE_CHECKING:
    from .survey import Survey

_SMALL = 300  # texts below which the test part is made greater
_LARGE = 150_000  # texts above which a net that only adds up its words is the one to begin with
_UNEVEN = 0.8  # share of one label above which accuracy says little
_SEEDS = range(7, 107)
_FEW_TEXTS = 100
_MOST_LABELS = 1_000


@dataclass(frozen=True)
class Decision:
    """by, valid, test, seed: of Split.  why: a line for each thing that was decided by what the data holds.

    lacking: (part, label), training and test, where no row of the part has the label.
    """

    by: str
    valid: float
    test: float
    seed: int
    large: bool
    small: bool
    max_tokens: int
    metric: str
    why: tuple[str, ...]
    lacking: tuple[tuple[str, str], ...] = ()


def decide(found: Survey) -> Decision:
    """Raises UsageError for data from which nothing can be learnt: one label, too many, or too few rows to split."""
    require_texts(found)
    require_classes(found)
    small = found.left < _SMALL
    group = found.column("group")
    by = group.field if group else "id"
    valid, test = (0.2, 0.3) if small else (0.1, 0.2)
    seed = _seed(found, by, valid, test)
    (top, count), share = found.labels.most_common(1)[0], found.labels.most_common(1)[0][1] / found.left
    uneven = share > _UNEVEN
    tokens = next((size for size in (16, 32, 64, 128, 256) if found.words <= size), 256)
    why = [
        f"rows of one {bounded(group.name, 40)} stay together in training, validation or test"
        if group
        else "every row stands for itself: say --group COLUMN where some belong together, as a patient's do",
        f"the id is the column {bounded(own.name, 40)}, whose values all differ"
        if (own := found.column("id"))
        else "the id is a digest of the text, since no column is an id; it stays the same when rows are added",
    ]
    if uneven:
        why.append(f"models are judged by macro F1, since {bounded(top, 40)} alone is {share:.0%} of the rows ({count:,})")
    if seed != _SEEDS[0]:
        why.append(f"the seed of the split is {seed}: {_SEEDS[0]} would leave a part without rows or without a label")
    if small:
        why.append(f"{found.left:,} texts are few: half of them are for training, and the intervals will be wide")
    metric = "macro_f1" if uneven else "accuracy"
    return Decision(
        by,
        valid,
        test,
        seed,
        found.left > _LARGE,
        small,
        tokens,
        metric,
        tuple(why),
        _lacking(found, Split[SplitText](by=by, valid=valid, test=test, seed=seed)),
    )


def require_texts(found: Survey) -> None:
    """Raise UsageError where the same few texts come again and again: those are categories, and only the first of each would be left."""
    if found.left < _FEW_TEXTS and found.repeats > 10 * found.left:
        column = found.column("text")
        raise UsageError(
            f"column {bounded(column.name if column else 'text')} has only {found.left:,} different text{'s' * (found.left != 1)} in {found.left + found.repeats:,} rows, "
            f"and a text that repeats counts once; name a column of longer texts"
        )


def require_classes(found: Survey) -> None:
    """Raise UsageError unless the labels are classes that can be told apart."""
    labels, column = found.labels, found.column("label")
    name = bounded(column.name if column else "label")
    if len(labels) < 2:
        only = f" ({bounded(next(iter(labels)), 40)})" if labels else ""
        raise UsageError(
            f"column {name} has {len(labels)} label{only} in {found.left:,} rows that can be used, expected at least 2 to tell apart"
        )
    if len(labels) > _MOST_LABELS or 2 * len(labels) > found.left:
        raise UsageError(
            f"column {name} has {len(labels):,} different values in {found.left:,} rows that can be used: those are no classes; "
            f"name a column with few values that repeat"
        )


def _seed(found: Survey, by: str, valid: float, test: float) -> int:
    """The first seed that leaves rows in every part and, where one does, of every label in training and test."""
    if found.groups is None:  # so many groups that no seed leaves a part empty
        return _SEEDS[0]
    if len(found.groups) < 3:
        raise UsageError(
            f"the {found.left:,} rows that can be used form {len(found.groups)} groups, expected at least 3: "
            f"one each for training, validation and test"
        )
    best, best_seed = 0, None
    wanted = 2 * len(found.labels)
    for seed in _SEEDS[:1] if len(found.groups) > 2_000 else _SEEDS:
        split = Split[SplitText](by=by, valid=valid, test=test, seed=seed)
        labels = _parts(found.groups, split)
        score = len(labels["train"]) + len(labels["test"])
        if all(labels.values()) and len(labels["train"]) > 1 and score > best:
            best, best_seed = score, seed
        if best == wanted:
            break
    if best_seed is None:
        raise UsageError(
            f"no split leaves two labels to train on and rows to validate and test with: {len(found.groups):,} groups of rows "
            f"and {len(found.labels)} labels are too few for it"
        )
    return best_seed


def _parts(groups: Mapping[str, Counter[str]], split: Split[SplitText]) -> dict[str, Counter[str]]:
    """Part -> the labels of its rows."""
    labels: dict[str, Counter[str]] = {"train": Counter(), "valid": Counter(), "test": Counter()}
    for group, counts in groups.items():
        labels[split.part(group)].update(counts)
    return labels


def _lacking(found: Survey, split: Split[SplitText]) -> tuple[tuple[str, str], ...]:
    if found.groups is None:
        return ()
    parts = _parts(found.groups, split)
    return tuple((part, label) for label in sorted(found.labels) for part in ("train", "test") if label not in parts[part])
