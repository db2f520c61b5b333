"""Make a package of a file: look, read it all, decide, write, tell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pipeline import LocalStore, StageError, UsageError
from pipeline.progress import listening
from stages import CsvFile, Files

from .decide import decide
from .flow import flow
from .header import with_names
from .look import SAMPLE, Wanted, first_rows, look
from .missing import with_missing
from .names import require_package_name
from .read import read_all
from .records import records
from .source import as_written, source_of
from .tell import document, view
from .tests import tests
from .warn import warnings
from .write import write


def make(name: str, data: str, wanted: Wanted, store: LocalStore, *, sha256: str = "", as_json: bool) -> None:
    """Write NAME/ into the working directory and say what is in it. Raises UsageError, and then nothing was written."""
    folder = Path.cwd()
    require_package_name(name, folder)
    notes: dict[str, None] = {}  # each once

    def hear(_step: str, _done: int, _total: int, note: str) -> None:
        if note.startswith("note: "):
            notes[note.removeprefix("note: ")] = None

    try:
        source: Files = source_of(as_written(data, folder), sha256)
        if isinstance(source, CsvFile):
            source, wanted, note = with_names(source, wanted)
            notes |= {note: None} if note else {}
        with listening("new", hear):
            rows = first_rows(source, SAMPLE)
            if isinstance(source, CsvFile) and (better := with_missing(source, rows, wanted.label)) != source:
                source, rows = better, first_rows(better, SAMPLE)
            found = look(rows, wanted)
            read = read_all(source, found)
    except StageError as error:  # here it is the file's fault, and nothing has run
        raise UsageError(str(error)) from error
    decided = decide(read)
    files = {
        "__init__.py": f'"""The pipeline `{name}`: what holds of its rows, and its steps."""\n',
        "records.py": records(name, read),
        "flow.py": flow(name, read, decided),
        "test_flow.py": tests(name, read),
    }
    write(folder / name, files)
    told = document(name, data, found, read, [*notes, *decided.why], list(files), store, warnings(read, found, decided))
    if as_json:
        json.dump(told, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    from ..show import console

    console().print(view(told))
