"""The rows that a model may be fitted on."""

import pyarrow as pa
import pytest

from pipeline import StageError, Table
from schemas import SplitRow, SplitText
from stages import OneOf
from stages.training_rows import require_two_classes, training_rows


def test_training_and_validation_rows_are_given_in_their_order(texts):
    split = ["train", "test", "valid", "train"]
    training, validation = training_rows(
        texts("a", "b", "c", "d", labels=list("xyxz"), record=SplitText, split=split), ["text"], OneOf()
    )
    assert training.column_names == ["text", "label", "split"]
    assert (training["text"].to_pylist(), training["label"].to_pylist()) == (["a", "d"], ["x", "z"])
    assert (validation["text"].to_pylist(), validation["label"].to_pylist()) == (["c"], ["x"])


def test_one_label_among_the_training_rows_is_a_stage_error_that_names_it(texts):
    rows = texts("a", "b", "c", labels=list("xxy"), record=SplitText, split=["train", "train", "test"])
    with pytest.raises(StageError, match=r"hold 1 label \(x\), expected at least 2"):
        training_rows(rows, ["text"], OneOf())


def test_no_training_row_is_a_stage_error_as_well(texts):
    with pytest.raises(StageError, match=r"hold 0 label \(none\)"):
        training_rows(texts("a", record=SplitText, split=["test"]), ["text"], OneOf())


def test_a_row_without_a_label_is_a_stage_error():
    class Loose(SplitRow):
        label: str | None

    rows = pa.table({"id": list("abc"), "split": ["train"] * 3, "group": list("abc"), "label": ["x", None, "y"]})
    with pytest.raises(StageError, match="1 rows to learn from have no label"):
        training_rows(Table.of(Loose, rows), [], OneOf())


def test_a_long_label_is_quoted_bounded():
    with pytest.raises(StageError) as raised:
        require_two_classes(["x" * 10_000])
    assert len(str(raised.value)) < 300
