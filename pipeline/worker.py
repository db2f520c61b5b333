"""The process behind workers.py: one line of JSON in, one out; it leaves when its input ends, whatever it is doing."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
import warnings
from pathlib import Path
from queue import Queue

from .digest import Json
from .errors import BrickwiseWarning, DamagedError
from .fragments import make_item
from .key import stage_code
from .portable import rebuild
from .stage import Stage
from .store.local import LocalStore


def main() -> None:
    """Answer until the input ends."""
    warnings.simplefilter("ignore", BrickwiseWarning)  # who asked us has given it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who asked us decides
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a stage prints must not be taken for an answer
    questions: Queue[str] = Queue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    first = json.loads(questions.get())
    store = LocalStore(first["store"])
    if first["lease"] is not None:
        store.join(Path(first["lease"]))
    stages: dict[str, Stage] = {}
    answer: Json = {"ready": True}
    while True:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        answer = _answer(store, stages, json.loads(questions.get()))


def _listen(questions: Queue[str]) -> None:
    for line in sys.stdin:
        questions.put(line)
    os._exit(0)


def _answer(store: LocalStore, stages: dict[str, Stage], question: Json) -> Json:
    try:
        stage = _stage(stages, question)
    except Exception as error:  # noqa: BLE001  # whatever importing a user's module raises here, the one who asked can do it
        return {"unavailable": f"{type(error).__name__}: {error}"}
    try:
        return {"made": make_item(store, stage, question["item"], question["name"])}
    except DamagedError as error:
        return {"error": "DamagedError", "digest": error.digest, "message": error.why, "trace": ""}
    except Exception as error:  # noqa: BLE001  # it is raised where it was asked for
        return {"error": type(error).__name__, "message": str(error), "trace": traceback.format_exc()}


def _stage(stages: dict[str, Stage], question: Json) -> Stage:
    """Build a stage once, and see that its code is what the key says. Raises ImportError when a file has changed since."""
    document = json.dumps(question["stage"])
    if document not in stages:
        stage: Stage = rebuild(question["stage"])
        if stage_code(stage) != question["code"]:
            raise ImportError("the code has changed since the run began")
        stages[document] = stage
    return stages[document]
