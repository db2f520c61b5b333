"""The loops that are timed: each learns, from the same rows; what the GPU benchmark makes of spans, and that it runs without one."""

import json
import subprocess
import sys

import pyarrow as pa
import pytest

from stages import Bag, Learned, Mean, TextNet, Train


@pytest.fixture(scope="module")
def work(benchmarks):
    from gpu_measures import rows
    from loop_work import Work

    net = TextNet(embed=Learned(width=16, dropout=0), encode=Bag(), attend=Mean())
    config = Train(model=net, epochs=4, patience=4, batch=32, rate=0.05, device="cpu")
    return Work.of(config, rows(1000, 1.2, 0.4, 8), 20_000, 600)


@pytest.mark.parametrize("name", ["plain", "by hand", "brickwise"])
def test_every_loop_learns_the_same(work, name):
    from loop_work import Clock
    from loops import LOOPS

    from stages.train.loop import predict

    net, clock = work.net(), Clock(work.device)
    LOOPS[name](work, net, clock)
    rows = work.parts["valid"]
    right = predict(net, work.feed, rows).argmax(1) == work.feed.truth[rows]
    assert right.double().mean() > 0.8
    assert clock.seconds > 0
    assert clock.processor > 0


def test_of_the_rows_a_share_is_taken_of_both_splits(work):
    assert {part: len(rows) for part, rows in work.parts.items()} == {"train": 600, "valid": 67}


def test_rows_by_hand_are_the_rows_of_the_feed(work):
    row = int(work.parts["train"][5])
    tokens, label = work.pairs("train")[5]
    column = work.feed.columns["tokens"]
    assert tokens.tolist() == column.values[column.starts[row] :][: column.counts[row]].tolist()
    assert label == int(work.feed.truth[row])


def test_time_covered_by_spans_counts_once():
    from gpu_measures import covered

    assert covered([(0, 4), (2, 3), (3, 5), (9, 10)]) == pytest.approx(0.6)
    assert covered([(6, 8), (1, 3)]) == pytest.approx(4 / 7)


def test_made_up_rows_are_as_told():
    from gpu_measures import rows

    table = rows(500, 2.0, 0.5, 20)
    lengths = [len(one) for one in table["tokens"].to_pylist()]
    assert (min(lengths) >= 2, max(lengths) <= 20) == (True, True)
    assert table["tokens"].type == pa.list_(pa.int64())
    assert [int(label) + 1 for label in table["label"].to_pylist()] == [one[0] for one in table["tokens"].to_pylist()]


def test_the_gpu_benchmark_needs_no_blake3(benchmarks):
    """In a process where it cannot be found."""
    program = f"""
import importlib.util as util, sys
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "blake3" else find(name, *rest)
sys.path[:0] = [{str(benchmarks.parent)!r}, {str(benchmarks)!r}]
import gpu
gpu.find_spec = util.find_spec
gpu._do_without_blake3()
import gpu_measures, json
heavy = {{"prefect", "great_expectations", "sklearn", "scipy", "pandas", "blake3", "filelock", "rich"}}
print(json.dumps(sorted(heavy & {{name for name, module in sys.modules.items() if getattr(module, "__file__", None)}})))
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == []
