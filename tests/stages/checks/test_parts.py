"""Every label is learnt and tested."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline import Table, UsageError
from schemas import SplitText
from stages import LabelsInParts


def judged(rows, **config):
    ids = [str(n) for n in range(len(rows))]
    parts, labels = zip(*rows, strict=True)
    table = pa.table({"id": ids, "text": ids, "label": labels, "split": parts, "group": ids})
    (finding,) = LabelsInParts(**config).judge(Table.of(SplitText, table))
    return finding


def test_a_label_that_a_part_lacks_is_named():
    found = judged([("train", "a"), ("train", "b"), ("test", "a"), ("valid", "c"), ("train", "c")])
    assert (found.passed, found.evaluated, found.failed, found.severity) == (False, 6, 2, "warn")
    assert found.examples == ("b not in test", "c not in test")


def test_labels_that_stand_everywhere_pass():
    assert judged([(part, label) for part in ("train", "test") for label in "ab"]).passed
    assert not judged([("train", "a"), ("test", "a")], parts=("valid",)).passed


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="label is the column 'lable'"):
        judged([("train", "a")], label="lable")
