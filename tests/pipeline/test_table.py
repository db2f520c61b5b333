import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import LINE, SOURCE, StageError, Table, sift, turned_away
from pipeline.quarantine import keyed
from schemas import Record

NUMBERS = st.lists(st.none() | st.integers(-9, 9), max_size=12)


class Row(Record):
    n: int


def table(*values: int | None) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int64())})


def test_a_table_reads_all_fragments_in_order_or_some_columns():
    rows = Table.of(Row, table(2, 1), table(), table(3))
    assert rows.read()["n"].to_pylist() == [2, 1, 3]
    assert Table.of(Row, table(1).append_column("m", [[2]])).read(["m"]).column_names == ["m"]


def test_a_table_splits_into_one_table_a_fragment():
    assert [part.read()["n"].to_pylist() for part in Table.of(Row, table(2, 1), table(3)).split()] == [[2, 1], [3]]


def test_a_table_without_fragments_cannot_be_read():
    with pytest.raises(StageError, match="a table of Row has no fragment to read"):
        Table.of(Row).read()


@given(NUMBERS)
def test_sift_keeps_every_row_once_in_order_with_the_first_rule_it_breaks(values):
    rows = table(*values)
    kept, away = sift(
        rows, [("is odd", "n", pc.equal(pc.bit_wise_and(rows["n"], 1), 1)), ("is low", "n", pc.less(rows["n"], 0))]
    )
    fine = [n for n in values if n is not None and n % 2 == 0 and n >= 0]
    assert kept["n"].to_pylist() == fine
    listed = [row for part in away for row in part.to_pylist()]
    odd_or_null = [n for n in values if n is None or n % 2]
    low = [n for n in values if n is not None and n % 2 == 0 and n < 0]
    assert [row["rule"] for row in listed] == ["is odd"] * len(odd_or_null) + ["is low"] * len(low)
    assert [json.loads(row["row"])["n"] for row in listed] == odd_or_null + low


def test_sift_without_rules_keeps_everything():
    assert sift(table(1, None), [])[0].num_rows == 2


def test_rows_turned_away_carry_reason_column_value_and_the_whole_row():
    rows = pa.table({"n": [1], "text": ["é\n"]})
    assert turned_away(rows, "is bad", "text").to_pylist() == [
        {
            "rule": "is bad",
            "column": "text",
            "value": "é\\n",
            "source": None,
            "line": None,
            "key": None,
            "row": '{"n":1,"text":"é\\n"}',
        }
    ]
    assert turned_away(rows, "is bad").to_pylist()[0]["value"] is None


def test_rows_turned_away_name_the_source_and_line_that_they_came_with_and_their_row_has_neither():
    rows = pa.table({"n": [1, 2], SOURCE: ["a.csv", "b.csv"], LINE: [7, 3]})
    listed = turned_away(rows, "is bad").to_pylist()
    assert [(row["source"], row["line"], row["row"]) for row in listed] == [("a.csv", 7, '{"n":1}'), ("b.csv", 3, '{"n":2}')]


@pytest.mark.parametrize(
    ("key", "found"),
    [(("id",), ["a", "7"]), (("id", "n"), ['["a", 1]', '["7", 2]']), (("id", "other"), [None, None]), ((), [None, None])],
)
def test_the_key_of_a_row_turned_away_is_that_of_its_record(key, found):
    away = turned_away(pa.table({"id": ["a", "7"], "n": [1, 2]}), "is bad")
    assert keyed(away, key)["key"].to_pylist() == found


def test_what_json_has_no_word_for_is_kept_readable():
    rows = pa.table({"raw": [b"\xff"], "x": [float("nan")], "y": [float("inf")]})
    assert json.loads(turned_away(rows, "is bad")["row"][0].as_py()) == {"raw": "_w==", "x": "NaN", "y": "Infinity"}


def test_the_value_of_a_row_turned_away_is_bounded_and_the_row_is_whole():
    (line,) = turned_away(pa.table({"text": ["x" * 10_000]}), "is long", "text").to_pylist()
    assert len(line["value"]) <= 80
    assert len(json.loads(line["row"])["text"]) == 10_000
