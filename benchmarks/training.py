"""Training a 128-wide BiLSTM on the shipped pipeline's features: brickwise's loop, a plain one, one written by hand, Lightning.

    python benchmarks/training.py [--store PATH] [--rows 12800] [--rounds 3] [--threads 1] [--full] [--accuracy] [--json] [--save]

brickwise is `stages.train.loop.train` itself, with its guard and watch.  A checkpoint of it and one of Lightning's is written and timed each
round, and counts as often as brickwise writes one in so many steps (each 500, and at the end of an epoch of all rows); the others keep none:
  plain      a shuffled DataLoader, each batch padded to its longest row
  by hand    rows shuffled, sorted by length in pools, as one who knows of padding would write it
  lightning  its Trainer, fed the batches that brickwise learns from (pip install -r benchmarks/lightning.txt; left out without it)
All have the same rows, net, first weights, optimiser, rates, clipping, batch size, and measure the validation rows after an epoch.  They
take turns, an epoch each; ratios are medians of each round's.  --full takes all rows.  --accuracy trains each for four epochs with
three seeds and compares what they say of all validation rows.  Seconds of the processor say more than those of the clock where others use the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from loop_work import BILSTM, Clock, Work
from loops import LOOPS, optimizer
from result import document, print_document, processor, spread, tell
from seeds import interval, shown

from pipeline import LocalStore
from pipeline.publish import load
from pipeline.workplace import Workplace
from stages import Train
from stages.train.checkpoint import keep
from stages.train.loop import predict
from stages.train.state import State

TARGETS = {"plain": 2.5, "by hand": 0.97, "lightning": 1.0}  # brickwise is at least so many times as fast
_STEPS = 10  # that each loop learns for before anything is timed


def main() -> None:
    """Time the loops in turn, or compare what they learn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", default=".brickwise", help="features are taken from it, or made in it")
    parser.add_argument("--rows", type=int, default=12_800, help="training rows, drawn; 0 for all")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each loop that are timed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="all rows, as --rows 0")
    parser.add_argument("--accuracy", action="store_true", help="train each to the end, and compare")
    parser.add_argument("--epochs", type=int, default=4, help="of --accuracy")
    parser.add_argument("--seeds", type=int, default=3, help="of --accuracy")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--save", action="store_true", help="write it to benchmarks/results/ too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    epochs = options.epochs if options.accuracy else 1
    config = Train(model=BILSTM, epochs=epochs, patience=epochs, device="cpu", threads=options.threads)
    table, vocabulary = features(options.store)
    rows = 0 if options.full else options.rows
    warm, work = (Work.of(config, table, vocabulary, n) for n in (_STEPS * config.batch, rows))
    loops = dict(LOOPS)
    if find_spec("lightning"):
        from loop_lightning import by_lightning

        loops["lightning"] = by_lightning
    else:
        print("lightning is not installed, so that it is left out: pip install -r benchmarks/lightning.txt", file=sys.stderr)
    for loop in () if options.accuracy else loops.values():
        loop(warm, warm.net(), Clock(work.device))
    if options.accuracy:
        found = accuracy(work, loops, np.flatnonzero(np.asarray(table["split"].to_pylist()) == "valid"), options.seeds)
    else:
        found = speed(work, loops, options.rounds)
    found = {
        "device": processor(), "threads": options.threads, "torch": torch.__version__, "batch": config.batch,
        "rows": {part: len(some) for part, some in work.parts.items()}, **found,
    }  # fmt: skip
    result = document("training-accuracy" if options.accuracy else "training", found)
    if options.save:
        target = Path(__file__).parent / "results" / f"{result['benchmark']}-cpu.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if options.json:
        print_document(result)


def speed(work: Work, loops: dict[str, Any], rounds: int) -> dict[str, Any]:
    """An epoch of each loop in turn, another one first each round."""
    clocks: dict[str, list[Clock]] = {name: [] for name in loops}
    kept = []
    steps = -(-len(work.parts["train"]) // work.config.batch)
    checkpoints = steps / work.config.checkpoint + work.share  # every so many steps, and one at the end of an epoch of all rows
    for turn in range(rounds):
        names = list(loops)[turn % len(loops) :] + list(loops)[: turn % len(loops)]
        for name in names:
            net, clock = work.net(), Clock(work.device)
            loops[name](work, net, clock)
            if name == "brickwise":
                clock.checkpoint = checkpoint(work, net)
                kept.append(clock.checkpoint)
            if clock.checkpoint is not None:
                clock.seconds += checkpoints * clock.checkpoint.seconds
                clock.processor += checkpoints * clock.checkpoint.processor
            clocks[name].append(clock)
            print(f"{name}: {clock.seconds:.1f} s, {clock.processor:.1f} of the processor", file=sys.stderr)
    found = {}
    for name, own in clocks.items():
        pairs = list(zip(own, clocks["brickwise"], strict=True))
        found[name] = {
            "seconds": spread([one.seconds for one in own]),
            "processor": spread([one.processor for one in own]),
            "ratio": spread([one.seconds / ours.seconds for one, ours in pairs]),
            "processor_ratio": spread([one.processor / ours.processor for one, ours in pairs]),
        }
    targets = {name: (target, found[name]) for name, target in TARGETS.items() if name in found}
    tell(
        f"One epoch of {len(work.parts['train']):,} rows, batch {work.config.batch}, on {processor()}, "
        f"{work.config.threads} threads; {rounds} rounds",
        [
            ("", "s/epoch", "of the processor", "to brickwise's", "least", "most", "by the processor", "least", "most"),
            *(
                (name, f"{f['seconds']['median']:.1f}", f"{f['processor']['median']:.1f}", *map("{:.2f}".format, f["ratio"].values()),
                 *map("{:.2f}".format, f["processor_ratio"].values()))
                for name, f in found.items()
            ),
        ],
        [
            f"target: at least {target} times as fast as {name}; seen {one['ratio']['median']:.3f}, by the processor "
            f"{one['processor_ratio']['median']:.3f}: {'met' if one['ratio']['median'] >= target else 'MISSED'}"
            for name, (target, one) in targets.items()
        ],
    )  # fmt: skip
    one = spread([one.seconds for one in kept])
    return {"rounds": rounds, "loops": found, "checkpoint_seconds": one, "checkpoints": checkpoints, "targets": TARGETS}


def checkpoint(work: Work, net: torch.nn.Module) -> Clock:
    """How long a checkpoint of a training of this net takes, to the disk of temporary files."""
    state = State(net, optimizer(work, net), torch.amp.GradScaler(work.device.type, enabled=False))
    for some in state.optimizer.param_groups[0]["params"]:
        some.grad = torch.zeros_like(some)
    state.optimizer.step()
    state.remember(0.0)
    with tempfile.TemporaryDirectory() as folder:
        store, clock = LocalStore(folder), Clock(work.device)
        with store.lease():
            clock.start()
            keep(Workplace(store, "0" * 64), state, {})
            clock.stop()
    return clock


def accuracy(work: Work, loops: dict[str, Any], rows: Any, seeds: int) -> dict[str, Any]:
    """Each trained to the end with each seed; differences to brickwise on all validation rows, 95% t intervals over seeds."""
    truth = work.feed.truth[torch.from_numpy(rows)]
    right: dict[str, list[float]] = {name: [] for name in loops}
    for one in map(work.with_seed, range(seeds)):
        for name, loop in loops.items():
            net, clock = one.net(), Clock(work.device)
            loop(one, net, clock)
            right[name].append(float((predict(net, work.feed, rows).argmax(1) == truth).double().mean()))
            print(f"seed {one.config.seed}, {name}: {right[name][-1]:.4f} after {clock.seconds:.0f} s", file=sys.stderr)
    found = {
        name: {
            "accuracy": own,
            "mean": interval(own)["mean"],
            "delta": interval([a - b for a, b in zip(own, right["brickwise"], strict=True)]),
        }
        for name, own in right.items()
    }
    tell(
        f"{work.config.epochs} epochs of {len(work.parts['train']):,} rows, {seeds} seeds, accuracy on {len(rows):,} validation rows",
        [("", "accuracy", "to brickwise's"), *((n, f"{f['mean']:.4f}", shown(f["delta"])) for n, f in found.items())],
        [
            f"{name}: {'equal within the interval' if (f['delta']['low'] or 0) <= 0 <= (f['delta']['high'] or 0) else 'DIFFERENT'}"
            for name, f in found.items()
            if name != "brickwise" and seeds > 1
        ],
    )
    return {"epochs": work.config.epochs, "seeds": seeds, "compared_on": len(rows), "loops": found}


def features(folder: str) -> tuple[Any, int]:
    """The features of the shipped pipeline, with the size of their vocabulary."""
    from flows.docstrings import docstrings

    record, store = docstrings.run(folder, end="features"), LocalStore(folder)
    made = record.step("features")
    if not made or made.status not in ("ran", "reused"):
        sys.exit("\n".join(f"{step.name}: {step.status} {step.error}" for step in record.steps))
    ports = docstrings.ports["features"].outputs
    table = load(store, made.outputs["rows"], ports["rows"]).read(["split", "label", "tokens"])
    vocabulary = load(store, made.outputs["vocabulary"], ports["vocabulary"])
    return table.combine_chunks(), vocabulary.facts["inputs"]["tokens"]["size"]


if __name__ == "__main__":
    main()
