"""The rows that a model may be fitted on."""

import pytest

from pipeline import StageError
from schemas import SplitText
from stages.training_rows import require_two_classes, training_rows


def test_only_training_rows_are_given_in_their_order(texts):
    rows = texts("a", "b", "c", "d", labels=list("xyxz"), record=SplitText, split=["train", "test", "train", "train"])
    assert training_rows(rows) == (["a", "c", "d"], ["x", "x", "z"])


def test_one_label_among_the_training_rows_is_a_stage_error_that_names_it(texts):
    rows = texts("a", "b", "c", labels=list("xxy"), record=SplitText, split=["train", "train", "test"])
    with pytest.raises(StageError, match=r"hold 1 label \(x\), expected at least 2"):
        training_rows(rows)


def test_no_training_row_is_a_stage_error_as_well(texts):
    with pytest.raises(StageError, match=r"hold 0 label \(none\)"):
        training_rows(texts("a", record=SplitText, split=["test"]))


def test_a_long_label_is_quoted_bounded():
    with pytest.raises(StageError) as raised:
        require_two_classes(["x" * 10_000])
    assert len(str(raised.value)) < 300
