"""Benchmarks are commands: their folder is no package, and comes on the path as if one of them were started."""

import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="session", autouse=True)
def benchmarks():
    """The folder of the commands; nets on one thread."""
    sys.path.insert(0, str(BENCHMARKS))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield BENCHMARKS
    torch.set_num_threads(before)
    sys.path.remove(str(BENCHMARKS))
