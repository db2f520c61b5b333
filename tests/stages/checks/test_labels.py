"""The same text under two labels."""

import pyarrow as pa
import pytest

from pipeline import Table, UsageError
from schemas import Text
from stages import OneLabel


def table(*pairs: tuple[str | None, str]) -> Table[Text]:
    ids = [str(at) for at in range(len(pairs))]
    columns = {"id": ids, "text": pa.array([text for text, _ in pairs], pa.string()), "label": [label for _, label in pairs]}
    rows = pa.table(columns)
    return Table.of(Text, rows.slice(0, 2), rows.slice(2))


MIXED = table(
    ("Buy now", "spam"), ("hello", "ham"), ("buy  NOW ", "ham"), ("hello", "ham"), ("Buy now", "spam"), ("bye", "ham")
)


def test_all_rows_of_a_text_with_two_labels_fail_and_are_reachable():
    (finding,) = OneLabel().judge(MIXED)
    assert (finding.evaluated, finding.failed, finding.passed) == (6, 3, False)
    assert finding.examples == ("Buy now: spam | ham", "buy  NOW : spam | ham")
    away = [row for part in OneLabel().failing(MIXED, [finding]) for row in part.to_pylist()]
    assert [row["row"].split('"')[3] for row in away] == ["0", "2", "4"]
    assert {(row["rule"], row["column"], row["value"]) for row in away} == {("each text has one label", "text", "spam | ham")}


def test_texts_with_one_label_each_pass():
    (finding,) = OneLabel().judge(table(("a", "x"), ("b", "y"), ("A", "x"), (None, "x"), (None, "y")))
    assert (finding.evaluated, finding.failed, finding.passed) == (3, 0, True)


@pytest.mark.parametrize(
    ("config", "passed"), [({"allowed": 2}, False), ({"allowed": 3}, True), ({"share": 0.4}, False), ({"share": 0.5}, True)]
)
def test_so_many_rows_may_be_allowed(config, passed):
    (finding,) = OneLabel(**config).judge(MIXED)
    assert finding.passed is passed


def test_nothing_to_look_at_fails():
    assert not OneLabel().receipt(table((None, "x"), (None, "y"))).passed
    assert not OneLabel().receipt(table()).passed


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match=r"label is the column 'lable', which Text does not have; did you mean 'label'\?"):
        OneLabel(label="lable").judge(MIXED)
