"""Three programs that do the same to the same files: what `data_speed.py` times. Each prints one JSON document.

Rows: id, text, label.  A row is kept where the id and the text are not empty, the label is a known one, and the text, in Unicode form NFC with white space
and control characters made one blank, has at least 20 characters and a letter.  Then the names that the shipped pipeline masks are masked, twice as
there: a library's wherever it stands, an alias before a dot.
"""

from flows.docstrings import ALIASES, NAMES

LABELS = ("news", "sport", "work")
LEAST = 20  # characters
STEMS, SHORT = "|".join(NAMES), rf"\b(?:{'|'.join(ALIASES)})\."

PACKAGE = f'''"""Lines of text, through the pipeline."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline import Limit, Pipeline, Step
from schemas import Record
from stages import Clean, CsvFile, Ingest, Mask

Filled = Annotated[str, Field(min_length=1)]


class Line(Record):
    id: Filled
    text: Filled
    label: Literal{list(LABELS)}


lines = Pipeline(
    "lines",
    Step("raw", Ingest[Line](source=CsvFile(path="files/*.csv")), checks=(Limit(fraction=0.05),)),
    Step("clean", Clean[Line](min_chars={LEAST}), reads={{"rows": "raw"}}),
    Step("mask", Mask[Line](stems={NAMES}, aliases={ALIASES}), reads={{"rows": "clean"}}),
)
'''
BRICKWISE = '''"""brickwise: row rules, quarantine, contracts, durable writes. WATCH: look at its memory too, which takes processor time."""

import json, os, threading, time
from contextlib import suppress
from pathlib import Path

from pipeline import execute
from lines import lines

judging = peak = 0.0
give = execute.give_receipt


def timed(*arguments):
    global judging
    began = time.perf_counter()
    try:
        return give(*arguments)
    finally:
        judging += time.perf_counter() - began


def children():
    """The workers: each is a child of the thread that started it."""
    for tasks in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            yield from tasks.read_text().split()


def resident():
    """Bytes of this process and of its workers; pages they share count in part."""
    found = 0
    for process in ("self", *children()):
        try:
            rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        found += sum(1024 * int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    return found


def watch():
    global peak
    while True:
        peak = max(peak, resident())
        time.sleep(0.1)


execute.give_receipt = timed
if os.environ.get("WATCH"):
    threading.Thread(target=watch, daemon=True).start()
record = lines.run("store")
rows = record.steps[-1].rows_out
said = {"status": record.status, "kept": rows, "digest": record.steps[-1].outputs["rows"], "away": sum(step.rows_quarantined or 0 for step in record.steps),
        "judging": judging, "peak": peak, "steps": {step.name: step.seconds for step in record.steps}}
print(json.dumps(said))
'''
BLANK = r"[\s\x00-\x1f\x7f-\xa0\u200b]+"
PANDAS = f'''"""pandas 3, strings in Arrow, in one process; nothing is checked, kept apart or written."""

import glob, json, resource
import pandas as pd


def replaced(text, pattern, by):
    return text.str.replace(pattern, by, regex=True)


frames = [pd.read_csv(file, dtype="str", keep_default_na=False, on_bad_lines="skip") for file in sorted(glob.glob("files/*.csv"))]
rows = pd.concat(frames, ignore_index=True)
rows = rows[(rows["id"] != "") & (rows["text"] != "") & rows["label"].isin({list(LABELS)})]
text = replaced(rows["text"].str.normalize("NFC"), {BLANK!r}, " ").str.strip()
kept = (text.str.len() >= {LEAST}) & text.str.contains("[A-Za-z\u00c0-\u024f]", regex=True)
rows, text = rows[kept], text[kept]
rows = rows.assign(text=replaced(replaced(text, {"(?i)" + STEMS!r}, "LIB"), {SHORT!r}, "LIB."))
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({{"kept": len(rows), "characters": int(rows["text"].str.len().sum()), "peak": peak, "dtype": repr(rows["text"].dtype)}}))
'''
# pandas gives patterns with \s to Python's `re`, and those with \b too where a text is not ASCII: here Arrow is given them by hand
BY_HAND = (
    PANDAS.replace(
        "return text.str.replace(pattern, by, regex=True)",
        "changed = pc.replace_substring_regex(pa.array(text), pattern, by)\n"
        "    return pd.Series(changed, index=text.index, dtype='str')",
    )
    .replace("import pandas as pd\n", "import pandas as pd, pyarrow as pa, pyarrow.compute as pc\n")
    .replace(r"\u200b", r"\x{200b}")
)
LOOP = f'''"""A Python loop over rows with `csv`, `re` and `unicodedata`; likewise."""

import csv, glob, json, re, resource, unicodedata

blank, letter, stems = re.compile({BLANK!r}), re.compile(r"[^\\W\\d_]"), re.compile({STEMS!r}, re.IGNORECASE)
aliases = re.compile({SHORT!r})
labels, kept = set({list(LABELS)}), []
for file in sorted(glob.glob("files/*.csv")):
    with open(file, encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader)
        for row in reader:
            if len(row) != 3 or not row[0] or not row[1] or row[2] not in labels:
                continue
            text = blank.sub(" ", unicodedata.normalize("NFC", row[1])).strip()
            if len(text) < {LEAST} or not letter.search(text):
                continue
            kept.append((row[0], aliases.sub("LIB.", stems.sub("LIB", text)), row[2]))
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({{"kept": len(kept), "characters": sum(len(row[1]) for row in kept), "peak": peak}}))
'''
PROGRAMS = {"brickwise": BRICKWISE, "pandas": PANDAS, "pandas, Arrow by hand": BY_HAND, "re loop": LOOP}
