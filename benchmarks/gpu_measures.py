"""What `gpu.py` measures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from loop_work import BILSTM, Clock, Work
from loops import LOOPS, brickwise
from result import processor, spread, tell
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from stages import Learned, Mean, TextNet, Train, Transformer
from stages.train.device import choose_device

TARGETS = {"plain": 3.0, "busy": 0.9}
_VOCABULARY, _CLASSES = 20_000, 20
# rows, mean and deviation of the logarithm of their length, the longest: as the shipped docstrings are, and as film reviews are
_TEXTS = {"docstrings": (36_000, 2.58, 0.68, 128), "reviews": (24_000, 5.2, 0.6, 1024)}


def measures(device: str, rounds: int, *, small: bool) -> dict[str, Any]:
    """All three."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # fp32 is fp32
    share = 0.005 if small else 1.0
    tables = {name: rows(int(share * n), mean, spread_, longest) for name, (n, mean, spread_, longest) in _TEXTS.items()}
    where = choose_device(device)
    torch.set_num_threads(1)  # nothing for the CPU to do but to tell the device what to do
    config = Train(model=BILSTM, epochs=1, patience=1, batch=256, device=device)
    large = TextNet(
        embed=Learned(width=64 if small else 512), encode=Transformer(layers=1 if small else 6, heads=8), attend=Mean()
    )
    transformer = Train(model=large, epochs=1, patience=1, batch=512, tokens=32_768, rate=3e-4, device=device)
    nets = {"BiLSTM": config, "Transformer": transformer}
    return {
        "device": torch.cuda.get_device_name(where) if where.type == "cuda" else processor(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "small": small,
        "targets": TARGETS,
        "speed": {name: speed(Work.of(config, table, _VOCABULARY), name, rounds) for name, table in tables.items()},
        "busy": busy(Work.of(transformer, tables["reviews"], _VOCABULARY)),
        "precision": {name: precision(one, tables["reviews"], name, rounds) for name, one in nets.items()},
    }


def rows(n: int, mean: float, deviation: float, longest: int) -> pa.Table:
    """Texts of made-up tokens whose first tells the class; nine of ten are for training, the others for validation."""
    draw = np.random.default_rng(7)
    lengths = np.clip(np.exp(draw.normal(mean, deviation, n)).astype(np.int64), 2, longest)
    offsets = np.concatenate([[0], lengths.cumsum()]).astype(np.int32)
    values = draw.integers(_CLASSES + 1, _VOCABULARY, offsets[-1])
    classes = draw.integers(0, _CLASSES, n)
    values[offsets[:-1]] = classes + 1
    split = np.where(np.arange(n) % 10 == 0, "valid", "train")
    tokens = pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))
    return pa.table({"split": split, "label": classes.astype(str), "tokens": tokens})


def speed(work: Work, texts: str, rounds: int) -> dict[str, Any]:
    """An epoch of each loop in turn, after one that is not timed."""
    clocks: dict[str, list[Clock]] = {name: [] for name in LOOPS}
    for turn in range(rounds + 1):
        for name, loop in LOOPS.items():
            clock = Clock(work.device)
            loop(work, work.net(), clock)
            clocks[name] += [clock] if turn else []
    found = {
        name: {
            "seconds": spread([one.seconds for one in own]),
            "ratio": spread([one.seconds / ours.seconds for one, ours in zip(own, clocks["brickwise"], strict=True)]),
        }
        for name, own in clocks.items()
    }
    seen = found["plain"]["ratio"]["median"]
    tell(
        f"BiLSTM, one epoch of {len(work.parts['train']):,} made-up texts as long as {texts}, batch {work.config.batch}, {work.dtype}",
        [
            ("", "s/epoch", "to brickwise's"),
            *((n, f"{f['seconds']['median']:.2f}", f"{f['ratio']['median']:.2f}") for n, f in found.items()),
        ],
        [f"target: plain takes at least {TARGETS['plain']} times as long; {'met' if seen >= TARGETS['plain'] else 'MISSED'}"],
    )
    return {"rows": len(work.parts["train"]), "batch": work.config.batch, "loops": found}


def busy(work: Work) -> dict[str, Any]:
    """The share of an epoch, validation included, from its first kernel to its last."""
    clock = Clock(work.device)
    brickwise(work, work.net(), clock)  # not looked at: it sets up what the first use sets up
    on_device = work.device.type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if on_device else ProfilerActivity.CPU]) as seen:
        brickwise(work, work.net(), clock)
    spans = [(e.time_range.start, e.time_range.end) for e in seen.events() if e.device_type == DeviceType.CUDA]
    share = round(covered(spans), 4) if spans else None
    met = "" if share is None else "; met" if share >= TARGETS["busy"] else "; MISSED"
    print_share = "no device" if share is None else f"{share:.1%}"
    tell(
        f"Transformer, one epoch of {len(work.parts['train']):,} made-up reviews, at most {work.config.tokens:,} positions a batch, {work.dtype}",
        [("", "s/epoch, watched", "busy", "kernels and copies"), ("brickwise", f"{clock.seconds:.2f}", print_share, f"{len(spans):,}")],
        [f"target: busy for at least {TARGETS['busy']:.0%} of it{met}"],
    )  # fmt: skip
    return {"seconds": round(clock.seconds, 3), "share": share, "spans": len(spans)}


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The share of the time from the first start to the last end in which any span lies."""
    ordered = sorted(spans)
    total, until = 0.0, ordered[0][0]
    for start, end in ordered:
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total / (until - ordered[0][0])


def precision(config: Train, table: pa.Table, name: str, rounds: int) -> dict[str, Any]:
    """Seconds of an epoch in each, in turn, after one that is not timed."""
    works = {kind: Work.of(config.model_copy(update={"precision": kind}), table, _VOCABULARY) for kind in ("fp32", "bf16")}
    seconds: dict[str, list[float]] = {kind: [] for kind in works}
    for turn in range(rounds + 1):
        for kind, work in works.items():
            clock = Clock(work.device)
            brickwise(work, work.net(), clock)
            seconds[kind] += [clock.seconds] if turn else []
    ratio = spread([a / b for a, b in zip(seconds["fp32"], seconds["bf16"], strict=True)])
    found = {kind: spread(own) for kind, own in seconds.items()}
    tell(
        f"{name}, one epoch of {len(works['fp32'].parts['train']):,} made-up reviews",
        [("", "s/epoch"), *((kind, f"{own['median']:.2f}") for kind, own in found.items())],
        [f"fp32 takes {ratio['median']:.2f} times as long as bf16 ({ratio['min']:.2f} to {ratio['max']:.2f})"],
    )
    return {**found, "ratio": ratio}
