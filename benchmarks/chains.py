"""Chains of trivial steps, as each tool's user would write them: each step reads the one before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from processes import run

TABLES = '''"""Steps that copy a small table."""

from typing import Annotated

from pipeline import Pipeline, Stage, Step, Table
from schemas import Key, Record
from stages import CsvFile, Ingest


class Row(Record):
    id: Annotated[str, Key()]
    text: str


class Copy(Stage):
    def map(self, rows: Table[Row]) -> Table[Row]:
        return Table.of(Row, rows.read())


chain = Pipeline(
    "chain",
    Step("copy1", Ingest[Row](source=CsvFile(path="rows.csv"))),
    *(Step(f"copy{i}", Copy(), reads={"rows": f"copy{i - 1}"}) for i in range(2, %d)),
)
'''

FACTS = '''"""Steps that pass a number on."""

from pipeline import Pipeline, Report, Stage, Step


class First(Stage):
    def run(self) -> Report:
        return Report(facts={"number": 1})


class Next(Stage):
    def run(self, report: Report) -> Report:
        return Report(facts={"number": report.facts["number"] + 1})


chain = Pipeline(
    "chain",
    Step("add1", First()),
    *(Step(f"add{i}", Next(), reads={"report": f"add{i - 1}"}) for i in range(2, %d)),
)
'''

FACTS_SCRIPT = """from facts_chain import chain

if __name__ == "__main__":
    record = chain.run("store")
    print(record.status, sum(step.status == "ran" for step in record.steps))
"""

DAGSTER = '''"""Assets that pass a number on, all in this process, in an instance that lasts as long as it."""

from dagster import AssetIn, asset, materialize


@asset(name="add1")
def first():
    return 1


def following(position):
    @asset(name=f"add{position}", ins={"number": AssetIn(f"add{position - 1}")})
    def add(number):
        return number + 1

    return add


if __name__ == "__main__":
    result = materialize([first, *(following(position) for position in range(2, %d))])
    print("done", result.output_for_node("add%d"))
'''

PREFECT = '''"""Tasks that do nothing, each after the one before."""

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner


@task
def nothing(above):
    return None


@flow(task_runner=ThreadPoolTaskRunner(max_workers=8))
def chain():
    futures = []
    for _ in range(%d):
        futures.append(nothing.submit(futures[-1:]))
    for future in futures:
        future.wait()


if __name__ == "__main__":
    chain()
    print("done")
'''


def tables(folder: Path, steps: int) -> None:
    """A user's package `tables_chain`."""
    _package(folder, "tables_chain", TABLES % (steps + 1))
    (folder / "rows.csv").write_text("id,text\n1,a small file\n2,of two rows\n", encoding="utf-8")


def facts(folder: Path, steps: int) -> None:
    """A user's package `facts_chain`, and a script that runs it."""
    _package(folder, "facts_chain", FACTS % (steps + 1))
    (folder / "execute.py").write_text(FACTS_SCRIPT, encoding="utf-8")


def dagster(folder: Path, steps: int) -> None:
    """A script, and a configuration without telemetry."""
    folder.mkdir(parents=True)
    (folder / "assets.py").write_text(DAGSTER % (steps + 1, steps), encoding="utf-8")
    (folder / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")


def prefect(folder: Path, tasks: int) -> None:
    """A script with a bare flow."""
    folder.mkdir(parents=True)
    (folder / "bare.py").write_text(PREFECT % tasks, encoding="utf-8")


def dvc(folder: Path, steps: int, command: str) -> None:
    """A DVC project whose stages copy a small file."""
    folder.mkdir(parents=True)
    (folder / "copy0.txt").write_text("a small file\n", encoding="utf-8")
    stages = [
        f"  copy{i}:\n    cmd: cp copy{i - 1}.txt copy{i}.txt\n    deps: [copy{i - 1}.txt]\n    outs: [copy{i}.txt]\n"
        for i in range(1, steps + 1)
    ]
    (folder / "dvc.yaml").write_text("stages:\n" + "".join(stages), encoding="utf-8")
    run([command, "init", "--no-scm", "--quiet"], folder, dvc_environment(folder))
    run([command, "config", "core.check_update", "false"], folder, dvc_environment(folder))


def dvc_environment(folder: Path) -> dict[str, str]:
    """No settings but the project's, no caches outside it, no telemetry."""
    names = ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR")
    return {**{name: str(folder / ".apart") for name in names}, "DVC_NO_ANALYTICS": "1"}


def cold(template: Path, timed: Callable[[Path], float]) -> Callable[[], float]:
    """Time something in a new copy of a folder that nothing has run in."""

    def once() -> float:
        folder = template.with_name(f"{template.name}-cold")
        shutil.copytree(template, folder)
        try:
            return timed(folder)
        finally:
            shutil.rmtree(folder)

    return once


def _package(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(text, encoding="utf-8")
