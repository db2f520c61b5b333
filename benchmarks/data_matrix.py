"""The matrix of faults and columns: each put into a file of its own, run through the pipeline, and found again or not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from data_faults import FAULTS, Fault
from data_table import clean_rows, reviews, written
from data_values import Injected

from pipeline import BrickwiseError, LocalStore
from pipeline.plan import EVERYTHING
from pipeline.publish import load
from pipeline.quarantine import Quarantined
from pipeline.record import RunRecord
from pipeline.runner import run
from pipeline.stage import Port
from pipeline.table import Table


@dataclass(frozen=True)
class Cell:
    """What became of one fault in one column. how: in a word or two; empty where nothing saw it.  by: the rule that did."""

    fault: str
    column: str
    seed: int
    how: str
    by: str = ""


class Bench:
    """A store with a champion on clean rows, and files that come after it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._file, self._store, self.seed = folder / "reviews.csv", LocalStore(str(folder / "store")), seed
        self._champion = seed * 1_000
        first = self.run(written(clean_rows(self._champion)).encode())
        if first.status != "done" or any(step.rows_quarantined for step in first.steps):
            raise SystemExit(f"clean rows of seed {seed} were {first.status}: {[str(f) for f in failures(first)]}")

    def run(self, data: bytes) -> RunRecord:
        """One file through the pipeline, in this process."""
        self._file.write_bytes(data)
        return run(reviews(self._file), self._store, selection=EVERYTHING)

    def cell(self, fault: Fault, column: str) -> Cell:
        """Put the fault into one column of new rows, and see who finds it."""
        draw = Random(f"{self.seed} {fault.name} {column}")  # noqa: S311  # no secrets
        seed = self._champion if fault.same else self._champion + 1 + draw.randrange(900)
        injected = fault.inject(clean_rows(seed), column, draw)
        try:
            record = self.run(injected.data)
        except BrickwiseError as error:
            return Cell(fault.name, column, self.seed, "refused", str(error))
        if fault.harmless:
            plain = self.run(written(clean_rows(seed)).encode())
            same = record.status == "done" and digests(record) == digests(plain)
            return Cell(fault.name, column, self.seed, "no harm" if same else "", "read as the same rows" if same else "")
        how, by = self._found(record, injected)
        return Cell(fault.name, column, self.seed, how, by)

    def _found(self, record: RunRecord, injected: Injected) -> tuple[str, str]:
        """How it was found, and by which rule: rows first, then what blocks, then what warns."""
        error = next((step.error for step in record.steps if step.status == "failed"), "")
        if error:
            return "refused", error
        away = [row for step in record.steps for row in self._away(step.quarantine) if row["column"] in injected.names]
        seen = {row["line"] or row["key"] for row in away}
        found_rows = sum(line in seen or name in seen for line, name in injected.bad.items())
        if injected.bad and found_rows >= injected.least * len(injected.bad):
            return "quarantined" + (" and blocked" if record.status == "blocked" else ""), away[0]["rule"]
        found = [f for f in failures(record) if f.column in injected.names]
        for severity, how in (("error", "blocked"), ("warn", "warned")):
            for finding in found:
                if finding.severity == severity:
                    return how, finding.rule
        return "", ""

    def _away(self, digest: str | None) -> Iterator[dict[str, Any]]:
        if digest is not None:
            yield from load(self._store, digest, Port("quarantine", Table, Quarantined)).read().to_pylist()


def matrix(seeds: int) -> Iterator[Cell]:
    """Every fault in every column that can have it, for each seed; a new store each seed."""
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory(prefix="brickwise-faults-") as folder:
            bench = Bench(Path(folder), seed)
            for fault in FAULTS:
                for column in fault.columns():
                    yield bench.cell(fault, column)


def failures(record: RunRecord) -> list[Any]:
    """What did not pass, of every check."""
    return [f for step in record.steps for receipt in step.receipts for f in receipt.findings if not f.passed]


def digests(record: RunRecord) -> list[Any]:
    """What the steps gave."""
    return [step.outputs for step in record.steps]
