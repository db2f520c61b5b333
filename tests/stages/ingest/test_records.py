"""Where records begin and end, whatever the bytes are and however they come."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.ingest.dialect import Dialect
from stages.ingest.records import MISPLACED, UNCLOSED, records

text = st.text(st.sampled_from('ab,"\r\n\\ '), max_size=30)


def split(data, size, dialect=Dialect(), max_row=1000):  # noqa: B008  # it is frozen
    """(line, bytes, why it is no record) of each record, of data that comes in blocks of a size."""
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    return [
        (int(found.lines[i]), found.data[found.starts[i] : found.ends[i]], found.broken.get(i, ""))
        for found in records(blocks, dialect, max_row)
        for i in range(len(found.starts))
    ]


@settings(max_examples=300, deadline=None)
@given(text, st.integers(1, 7), st.sampled_from(["", "\\"]))
def test_no_byte_is_lost_and_records_are_the_same_however_the_blocks_are_cut(text, size, escape):
    data, dialect = text.encode(), Dialect(",", '"', escape)
    whole = split(data, 10_000, dialect)
    assert b"".join(raw for _, raw, _ in whole) == data
    assert split(data, size, dialect) == whole


@settings(max_examples=300, deadline=None)
@given(text.filter(lambda text: "\\" not in text), st.integers(1, 7))
def test_where_no_quote_is_odd_records_and_lines_are_those_of_pythons_reader(text, size):
    found = split(text.encode(), size)
    if any(why for _, _, why in found):
        return
    expected, before = [], 0
    reader = csv.reader(io.StringIO(text, newline=""))
    for row in reader:
        expected += [(before + 1, row)] if row else []
        before = reader.line_num
    again = [(line, next(csv.reader(io.StringIO(raw.decode(), newline="")), [])) for line, raw, _ in found]
    assert [(line, row) for line, row in again if row] == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'a,"b"c\nd\n', [(1, b'a,"b"c\n', MISPLACED), (2, b"d\n", "")]),
        (b'a,"b\nc\n', [(1, b'a,"b\n', UNCLOSED.format(1000)), (2, b"c\n", "")]),
        (b'a 5"\n"b\nc"\n', [(1, b'a 5"\n', ""), (2, b'"b\nc"\n', "")]),
        (b'"a" ,b\nc', [(1, b'"a" ,b\n', ""), (2, b"c", "")]),
        (b'"a""\n"",b"\n', [(1, b'"a""\n"",b"\n', "")]),
        (b"\r\n\r\n\ra", [(1, b"\r\n", ""), (2, b"\r\n", ""), (3, b"\r", ""), (4, b"a", "")]),
        (b"", []),
    ],
)
def test_records_of_odd_bytes(data, expected):
    assert split(data, 10_000) == expected
    assert split(data, 1) == expected


def test_a_quote_is_looked_for_no_further_than_a_row_may_be_long():
    data = b'1,"x\n' + b"2,y\n" * 1000 + b'3,"z"\n'
    found = split(data, 64, max_row=100)
    assert found[0] == (1, b'1,"x\n', UNCLOSED.format(100))
    assert found[1] == (2, b"2,y\n", "")
    assert found[-1] == (1002, b'3,"z"\n', "")
