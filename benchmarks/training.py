"""One training epoch of a 128-wide BiLSTM on the shipped pipeline's features: batches of rows of like length, or not.

    python benchmarks/training.py --store PATH [--device cpu] [--threads 1] [--batches 120] [--full] [--json] [--save]

Three loops over the same rows, with the same net, optimiser and threads:
  plain      a shuffled DataLoader over Python lists, each batch padded to its longest row
  by hand    the same, shuffled rows sorted by length in pools, as one would write it
  brickwise  `epoch_batches` and `TokenRows`, as stages/train/loop.py uses them
A sample of each epoch's batches is timed, in blocks in turn, and a whole epoch follows from it; --full runs whole epochs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import torch
from loops import BLOCK, CONFIG, Loop, bucketed, by_hand, plain
from result import document, print_document, processor, tell

from flows.docstrings import docstrings
from pipeline import LocalStore
from pipeline.publish import load
from stages.train.loop import choose_device

TARGET = 2.5


def main() -> None:
    """Time the loops in turn, and say what an epoch takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", default=".brickwise", help="features are taken from it, or made in it")
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--threads", type=int, default=CONFIG.threads, help="on the CPU")
    parser.add_argument("--batches", type=int, default=120, help="timed of each loop's epoch")
    parser.add_argument("--full", action="store_true", help="time whole epochs")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--save", action="store_true", help="write it to benchmarks/results/ too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    column, labels, vocabulary = features(options.store)
    count = -(-len(labels) // CONFIG.batch)
    timed = count if options.full else min(options.batches, count)
    pairs = list(zip(column.to_pylist(), labels.tolist(), strict=True))
    batches = {
        "plain": plain(pairs, device, timed),
        "by hand": by_hand(pairs, device, timed),
        "brickwise": bucketed(column, labels, device, timed),
    }
    loops = {name: Loop(some, vocabulary, int(labels.max()) + 1, device) for name, some in batches.items()}
    for _ in range(0, timed, BLOCK):
        for loop in loops.values():
            loop.block()
    found = {name: loop.found(count) for name, loop in loops.items()}
    ratios = {name: round(found[name]["seconds"] / found["brickwise"]["seconds"], 2) for name in found}
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    how = "whole epochs" if options.full else f"{timed} of {count} batches timed, epochs extrapolated"
    tell(
        f"One epoch of {len(labels):,} rows, batch {CONFIG.batch}, on {where}, {options.threads} threads: {how}",
        [
            ("", "s/epoch", "to brickwise's", "real tokens", "ms/batch, median block"),
            *((n, f"{f['seconds']:.1f}", f"{ratios[n]:.2f}", f"{f['real']:.1%}", f"{f['block_ms']:.0f}") for n, f in found.items()),
        ],
        [f"target: plain takes at least {TARGET} times as long; {'met' if ratios['plain'] >= TARGET else 'MISSED'}"],
    )  # fmt: skip
    result = document(
        "training",
        {
            "device": where, "threads": options.threads, "torch": torch.__version__, "rows": len(labels),
            "batch": CONFIG.batch, "batches": count, "timed": timed, "loops": found, "ratios": ratios, "target": TARGET,
        },
    )  # fmt: skip
    if options.save:
        target = Path(__file__).parent / "results" / f"training-{device.type}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if options.json:
        print_document(result)


def features(folder: str) -> tuple[Any, torch.Tensor, int]:
    """Training rows of the shipped pipeline: token lists as an Arrow column, labels as numbers, and the vocabulary's size."""
    record, store = docstrings.run(folder, end="features"), LocalStore(folder)
    made = record.step("features")
    if not made or made.status not in ("ran", "reused"):
        sys.exit("\n".join(f"{step.name}: {step.status} {step.error}" for step in record.steps))
    ports = docstrings.ports["features"].outputs
    table = load(store, made.outputs["rows"], ports["rows"]).read(["label", "split", "tokens"])
    table = table.filter(pc.equal(table["split"], "train")).combine_chunks()
    labels = torch.from_numpy(table["label"].combine_chunks().dictionary_encode().indices.to_numpy().astype("int64"))
    return table["tokens"], labels, load(store, made.outputs["vocabulary"], ports["vocabulary"]).facts["size"]


if __name__ == "__main__":
    main()
