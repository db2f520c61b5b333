"""Batches: every row once, in an order that follows from seed and epoch; and padding on demand."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.train.batches import TokenRows, epoch_batches, length_batches

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=300).map(np.array)


def rows_of(batches):
    return [batch.tolist() for batch in batches]


@given(lengths=LENGTHS, size=st.integers(1, 50), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_every_row_is_in_exactly_one_batch_of_an_epoch(lengths, size, seed, epoch):
    batches = rows_of(epoch_batches(lengths, size, seed, epoch))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // size)
    assert max(map(len, batches)) <= size


@given(lengths=LENGTHS, size=st.integers(1, 50))
def test_rows_to_predict_on_are_each_in_one_batch_by_length(lengths, size):
    rows = [row for batch in rows_of(length_batches(lengths, size)) for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    assert lengths[rows].tolist() == sorted(lengths.tolist())


def test_the_order_follows_from_seed_and_epoch_alone():
    lengths = np.random.default_rng(0).integers(1, 30, 500)
    orders = {(seed, epoch): str(rows_of(epoch_batches(lengths, 16, seed, epoch))) for seed in range(3) for epoch in range(3)}
    torch.manual_seed(99)
    np.random.seed(99)  # the global generators must not matter
    assert all(order == str(rows_of(epoch_batches(lengths, 16, *at))) for at, order in orders.items())
    assert len(set(orders.values())) == 9


def test_rows_of_one_length_are_shuffled_from_epoch_to_epoch():
    first, second = (rows_of(epoch_batches(np.ones(100, int), 10, 7, epoch)) for epoch in (0, 1))
    assert {frozenset(batch) for batch in first}.isdisjoint({frozenset(batch) for batch in second})


def padding_share(lengths, batches):
    cells = sum(len(batch) * lengths[batch].max() for batch in batches)
    return 1 - lengths.sum() / cells


def test_rows_of_like_length_stand_together_so_that_there_is_little_padding():
    random = np.random.default_rng(1)
    lengths = random.geometric(0.03, 8000).clip(max=200)
    ours = padding_share(lengths, [batch.numpy() for batch in epoch_batches(lengths, 32, 7, 0)])
    order = random.permutation(len(lengths))
    shuffled = padding_share(lengths, [order[start : start + 32] for start in range(0, len(order), 32)])
    assert shuffled > 0.5
    assert ours < shuffled / 10


def test_the_lengths_of_batches_come_in_no_order():
    lengths = np.random.default_rng(2).integers(1, 100, 3000)
    longest = [int(lengths[batch.numpy()].max()) for batch in epoch_batches(lengths, 32, 7, 0)]
    assert abs(np.corrcoef(longest, range(len(longest)))[0, 1]) < 0.5


TOKENS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=20)


@settings(deadline=None)
@given(rows=TOKENS, cut=st.integers(1, 20), data=st.data())
def test_a_batch_is_its_rows_padded_with_zeros_on_the_right(rows, cut, data):
    chunks = [rows[start : start + cut] for start in range(0, len(rows), cut)]
    column = pa.chunked_array([pa.array(chunk, pa.list_(pa.int64())) for chunk in chunks])
    found = TokenRows.of(column, torch.device("cpu"))
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=10))
    longest = max(len(rows[i]) for i in chosen)
    expected = [rows[i] + [0] * (longest - len(rows[i])) for i in chosen]
    assert found.batch(torch.tensor(chosen)).tolist() == expected
    assert found.lengths.tolist() == [len(row) for row in rows]


@pytest.mark.parametrize("start", [0, 1, 3])
def test_rows_of_a_sliced_column_are_read_where_the_slice_begins(start):
    column = pa.chunked_array([pa.array([[1], [2, 3], [4, 5, 6], [7]], pa.list_(pa.int64()))]).slice(start)
    found = TokenRows.of(column, torch.device("cpu"))
    assert found.batch(torch.tensor([0]))[0].tolist() == column[0].as_py()
