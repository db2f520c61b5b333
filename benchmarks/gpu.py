"""Training on a GPU, on rows that are made up: times as fast as a plain loop, how busy the device is, bf16 against fp32.

    python benchmarks/gpu.py [--device cuda] [--rounds 3] [--small] [--json] [--no-save]

Needs torch, numpy, pyarrow, pydantic and safetensors, and a checkout: run it with the checkout's root on PYTHONPATH.  The result goes to
benchmarks/results/, with device and commit.
  speed      BiLSTM, 128 wide, batch 256: brickwise's own loop, by hand and plain (see training.py), in turn, texts as long as
             docstrings and as reviews; target: plain takes at least 3 times as long
  busy       Transformer, 6 layers, 512 wide: share of an epoch in which a kernel or a copy runs, by torch.profiler; target: at least 90%
  precision  an epoch of each net in fp32 (with TF32 off) and in bf16
--small is a tiny form that shows on a CPU that all of it runs; nothing is busy there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def main() -> None:
    """Measure all three."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, cpu")
    parser.add_argument("--rounds", type=int, default=3, help="epochs that are timed of each loop")
    parser.add_argument("--small", action="store_true", help="a tiny form, to see that it runs")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--save", action=argparse.BooleanOptionalAction, default=True, help="write it to benchmarks/results/")
    options = parser.parse_args()
    _do_without_blake3()

    from gpu_measures import measures
    from result import document, print_document

    result = document("gpu", measures(options.device, options.rounds, small=options.small))
    if options.save and not options.small:
        target = Path(__file__).parent / "results" / "gpu.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if options.json:
        print_document(result)


def _do_without_blake3() -> None:
    """Where it is not installed, another digest takes its place: nothing here is stored under one."""
    if find_spec("blake3") is None:
        stand_in = ModuleType("blake3")
        stand_in.blake3 = hashlib.blake2b
        sys.modules["blake3"] = stand_in


if __name__ == "__main__":
    main()
