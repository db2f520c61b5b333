"""What brickwise costs beside the work, against its peers: nothing stale, from cold, and in the Prefect flow.

    python benchmarks/overhead.py [--only stale|cold|flow] [--store PATH] [--runs N] [--json]

--only: one part; all three by default.  --store: where `brickwise run docstrings` has finished; it is then timed too.
DVC and Dagster get environments of their own in the temporary folder, made once from dvc.txt and dagster.txt.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import overhead_cold
import overhead_flow
import overhead_stale
from processes import compare
from result import document, print_document

RUNS = {"stale": 9, "cold": 3, "flow": 5}


def main() -> None:
    """Measure the parts, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=tuple(RUNS), help="one part")
    parser.add_argument("--store", type=Path, help="a store where `brickwise run docstrings` has finished")
    parser.add_argument("--runs", type=int, help=f"of each command; by default {RUNS}")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = parser.parse_args()
    found = {}
    for name in (options.only,) if options.only else RUNS:
        runs = options.runs or RUNS[name]
        with tempfile.TemporaryDirectory(prefix="brickwise-overhead-") as temporary:
            folder = Path(temporary)
            if name == "stale":
                found[name] = compare(overhead_stale.part(folder, options.store), runs)
            elif name == "cold":
                found[name] = compare(overhead_cold.part(folder), runs)
            else:
                with overhead_flow.part(folder) as part:
                    found[name] = compare(part, runs)
    if options.json:
        print_document(document("overhead", {"parts": found}))


if __name__ == "__main__":
    main()
