"""Batches: every row once, in an order that follows from seed and epoch; and padding on demand."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.train.batches import epoch_batches, length_batches

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


def test_a_small_table_has_other_batches_each_epoch_although_its_lengths_stay():
    lengths = np.arange(1, 641)
    first, second = ({frozenset(batch) for batch in rows_of(epoch_batches(lengths, 16, 7, epoch))} for epoch in (0, 1))
    assert len(first) == 40
    assert first.isdisjoint(second)


def padding_share(lengths, batches):
    cells = sum(len(batch) * lengths[batch].max() for batch in batches)
    return 1 - lengths.sum() / cells


def test_rows_of_like_length_stand_together_so_that_there_is_little_padding():
    random = np.random.default_rng(1)
    lengths = random.geometric(0.03, 8000).clip(max=200)
    ours = padding_share(lengths, epoch_batches(lengths, 32, 7, 0))
    order = random.permutation(len(lengths))
    shuffled = padding_share(lengths, [order[start : start + 32] for start in range(0, len(order), 32)])
    assert shuffled > 0.5
    assert ours < shuffled / 10


def test_the_lengths_of_batches_come_in_no_order():
    lengths = np.random.default_rng(2).integers(1, 100, 3000)
    longest = [int(lengths[batch].max()) for batch in epoch_batches(lengths, 32, 7, 0)]
    assert abs(np.corrcoef(longest, range(len(longest)))[0, 1]) < 0.5


@given(lengths=LENGTHS, size=st.integers(1, 50), tokens=st.integers(1, 120))
def test_a_batch_holds_no_more_cells_than_its_budget_unless_it_is_one_row(lengths, size, tokens):
    batches = epoch_batches(lengths, size, 7, 0, tokens=tokens)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= tokens for batch in batches)
    assert max(map(len, batches)) <= size


def test_draws_follow_their_weights():
    drawn = np.concatenate(epoch_batches(np.ones(1000, int), 50, 7, 0, weights=np.where(np.arange(1000) < 10, 99.0, 1.0)))
    assert len(drawn) == 1000
    assert 0.4 < (drawn < 10).mean() < 0.6
