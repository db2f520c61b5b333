"""Columns: Arrow's own memory as tensors, padded on demand."""

from pathlib import Path

import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Table
from pipeline.publish import load, save
from pipeline.stage import Port
from schemas import Tokens
from stages.train.columns import column_of

TOKENS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=20)
CHARACTERS = st.lists(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=5), min_size=1, max_size=9
)
INTS = pa.list_(pa.int64())


def chosen_of(data, n):
    return data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=10))


@settings(deadline=None)
@given(rows=TOKENS, cut=st.integers(1, 20), data=st.data())
def test_a_batch_of_tokens_is_its_rows_padded_with_zeros_on_the_right(rows, cut, data):
    chunks = [rows[start : start + cut] for start in range(0, len(rows), cut)]
    found = column_of("tokens", pa.chunked_array([pa.array(chunk, INTS) for chunk in chunks]))
    chosen = chosen_of(data, len(rows))
    longest = max(len(rows[i]) for i in chosen)
    assert found.batch(torch.tensor(chosen), longest).tolist() == [rows[i] + [0] * (longest - len(rows[i])) for i in chosen]
    assert found.lengths.tolist() == [len(row) for row in rows]


@settings(deadline=None)
@given(rows=CHARACTERS, data=st.data())
def test_a_batch_of_characters_is_padded_on_both_axes(rows, data):
    found = column_of("characters", pa.chunked_array([pa.array(rows, pa.list_(INTS))]))
    chosen = chosen_of(data, len(rows))
    tokens = max(len(rows[i]) for i in chosen)
    longest = max(len(token) for i in chosen for token in rows[i])
    expected = [
        [token + [0] * (longest - len(token)) for token in rows[i]] + [[0] * longest] * (tokens - len(rows[i])) for i in chosen
    ]
    assert found.batch(torch.tensor(chosen), tokens).tolist() == expected
    assert found.lengths.tolist() == [len(row) for row in rows]


def test_numbers_come_as_they_are():
    found = column_of("numbers", pa.chunked_array([pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])]))
    assert found.batch(torch.tensor([2, 0]), 1).tolist() == [[5.0, 6.0], [1.0, 2.0]]


@pytest.mark.parametrize("start", [0, 1, 3])
def test_rows_of_a_sliced_column_are_read_where_the_slice_begins(start):
    column = pa.chunked_array([pa.array([[1], [2, 3], [4, 5, 6], [7]], INTS)]).slice(start)
    assert column_of("tokens", column).batch(torch.tensor([0]), len(column[0]))[0].tolist() == column[0].as_py()
    nested = pa.chunked_array([pa.array([[[1]], [[2, 3], [4]], [[5]], [[6, 7]]], pa.list_(INTS))]).slice(start)
    assert column_of("characters", nested).batch(torch.tensor([0]), len(nested[0]))[0, 0].tolist() == nested[0].as_py()[0]
    numbers = pa.chunked_array([pa.array([[1.0], [2.0], [3.0], [4.0]])]).slice(start)
    assert column_of("numbers", numbers).batch(torch.tensor([0]), 1)[0].tolist() == numbers[0].as_py()


def test_tokens_are_arrows_own_memory():
    array = pa.array([[1, 2], [3]], INTS)
    found = column_of("tokens", pa.chunked_array([array]))
    assert found.values.data_ptr() == array.values.buffers()[1].address


def test_it_says_how_much_memory_it_takes():
    found = column_of("tokens", pa.chunked_array([pa.array([[1, 2], [3]], INTS)]))
    assert found.bytes() == 8 * (3 + 2 + 2)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells where a file is mapped")
def test_tokens_of_a_stored_table_are_the_mapped_file(store, features):
    digest = save(store, features.rows)
    table = load(store, digest, Port("rows", Table, Tokens))
    found = column_of("tokens", table.read(["tokens"])["tokens"])
    (fragment,) = table.fragments
    lines = [line for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith(fragment.digest[2:])]
    places = [range(*(int(end, 16) for end in line.split()[0].split("-"))) for line in lines]
    assert any(found.values.data_ptr() in place for place in places)
