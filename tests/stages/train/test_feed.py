"""Feed: the same batches whether data lies on the device or comes one ahead."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
import torch

from stages.train.columns import column_of
from stages.train.feed import Feed

LISTS = [[1], [2, 3], [4, 5, 6], [7], [8, 9]]


@pytest.fixture
def feed():
    tokens = column_of("tokens", pa.chunked_array([pa.array(LISTS, pa.list_(pa.int64()))]))
    numbers = column_of("numbers", pa.chunked_array([pa.array([[float(i)] for i in range(5)])]))
    return Feed.of({"tokens": tokens, "numbers": numbers}, torch.arange(5), torch.device("cpu"))


CHOSEN = [np.array([0, 2]), np.array([4]), np.array([3, 1, 0]), np.array([], np.int64)]


def as_lists(batches):
    return [(b.rows.tolist(), {n: t.tolist() for n, t in b.inputs.items()}, b.truth.tolist()) for b in batches]


def test_a_batch_is_its_rows_of_every_column_and_their_truth(feed):
    assert as_lists(feed.batches(CHOSEN))[0] == ([0, 2], {"tokens": [[1, 0, 0], [4, 5, 6]], "numbers": [[0.0], [2.0]]}, [0, 2])


def test_batches_that_come_one_ahead_are_the_same_in_the_same_order(feed):
    ahead = dataclasses.replace(feed, resident=False)
    assert as_lists(ahead.batches(CHOSEN)) == as_lists(feed.batches(CHOSEN))


def test_no_batch_is_none(feed):
    assert as_lists(dataclasses.replace(feed, resident=False).batches([])) == []


def test_what_goes_wrong_ahead_is_raised_where_the_batch_is_due(feed):
    ahead = dataclasses.replace(feed, resident=False).batches([np.array([0]), np.array([99])])
    assert next(ahead).rows.tolist() == [0]
    with pytest.raises(IndexError):
        next(ahead)


def test_the_length_of_a_row_is_that_of_its_columns_in_which_numbers_count_once(feed):
    assert feed.lengths.tolist() == [2, 3, 4, 2, 3]


@pytest.mark.parametrize(("pieces", "sizes"), [(1, [3]), (2, [2, 1]), (3, [1, 1, 1]), (8, [1, 1, 1])])
def test_a_batch_is_split_into_as_many_pieces_or_as_many_as_it_has_rows(feed, pieces, sizes):
    (batch,) = feed.batches([np.array([3, 1, 0])])
    parts = batch.split(pieces)
    assert [len(part.rows) for part in parts] == sizes
    assert torch.cat([part.truth for part in parts]).tolist() == [3, 1, 0]
    assert batch.cells() == sum(part.cells() for part in parts)
    assert batch.shape() == "3 rows x 2"
