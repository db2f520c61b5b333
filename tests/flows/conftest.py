"""A user's project, the command line as a process, a real Prefect server, and a real browser."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from .chromium import Tab, launched

ROOT = Path(__file__).parents[2]

PIPELINE = '''
"""Which animal is it?"""
from pipeline import Pipeline, Stage, Step, Table
from schemas import InSet, SplitText, Suite, Text, Tokens
from stages import Bag, Baseline, Compare, CsvFile, Evaluate, Ingest, Majority, Mean, Split, TextNet, TfidfLogistic, Train, Vectorize, Words

from .words import tidy

KNOWN = Suite(name="known animals", expectations=(InSet(column="label", values=("cat", "dog", "owl")),), hint="ask the zoo")


class Tidy(Stage):
    """Tidy the text. rows: n rows. Returns n rows."""

    def map(self, rows: Table[Text]) -> Table[Text]:
        """One fragment."""
        import pyarrow as pa

        table = rows.read()
        text = pa.array([tidy(value) for value in table["text"].to_pylist()])
        return Table.of(Text, table.set_column(table.schema.get_field_index("text"), "text", text))


animals = Pipeline(
    "animals",
    Step("raw", Ingest[Text](source=CsvFile(path="animals.csv"))),
    Step("tidy", Tidy(), reads={"rows": "raw"}, checks=(KNOWN,)),
    Step("split", Split[SplitText](by="id", valid=0.2, test=0.3), reads={"rows": "tidy"}),
    Step("features", Vectorize[Tokens](features={"tokens": Words(min_count=1)}), reads={"rows": "split"}),
    Step("majority", Baseline(model=Majority()), reads={"rows": "split"}),
    Step("linear", Baseline(model=TfidfLogistic()), reads={"rows": "split"}),
    Step(
        "net",
        Train(model=TextNet(encode=Bag(), attend=Mean()), epochs=2, rate=0.05),
        reads={"rows": "features", "vocabulary": "features"},
    ),
    Step("report", Evaluate(resamples=100), reads={"rows": "split", "models": ("majority", "linear", "net")}),
    Step(
        "compare",
        Compare(model="net", baselines=("linear", "majority"), resamples=100),
        reads={"evaluation": "report", "rows": "report"},
    ),
)

data = Pipeline("data", *[animals.steps[name] for name in ("raw", "tidy", "split")])
'''

WORDS = '''
"""Words."""


def tidy(text):
    return text.lower()
'''


def csv_text(rows: int = 240, labels: tuple[str, ...] = ("cat", "dog", "owl")) -> str:
    random.seed(5)
    sounds = {"cat": "meow purr", "dog": "bark growl", "owl": "hoot screech", "eel": "blub"}
    lines = ["id,text,label"]
    for i in range(rows):
        label = random.choice(labels)
        lines.append(
            f"{i},The {random.choice(['big', 'small', 'old', 'young'])} one says {random.choice(sounds[label].split())},{label}"
        )
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Project:
    """A folder with a user's package `zoo`, its data and its store."""

    folder: Path
    environment: dict[str, str]

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def write_data(self, *labels: str) -> None:
        self.write("animals.csv", csv_text(labels=labels))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows", *arguments]

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def brickwise(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def make_project(folder: Path, prefect: str, home: Path) -> Project:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "BRICKWISE", "COV"))}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment |= {"PREFECT_HOME": str(home), "PYTHONPATH": os.pathsep.join(paths), "NO_COLOR": "1", "COLUMNS": "160"}
    if prefect:
        environment["PREFECT_API_URL"] = prefect
    project = Project(folder, environment)
    project.write("zoo/__init__.py", "")
    project.write("zoo/flow.py", PIPELINE)
    project.write("zoo/words.py", WORDS)
    project.write("animals.csv", csv_text())
    return project


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def prefect_server(prefect_home: Path) -> Any:
    """A real `prefect server start`; gives its API address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")} | {
        "PREFECT_HOME": str(prefect_home),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "2",
        "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
    }
    log = (prefect_home / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"],
        env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/api"
    end = time.monotonic() + 150
    while time.monotonic() < end:
        try:
            with urlopen(f"{address}/health", timeout=2):
                break
        except (URLError, OSError):
            assert process.poll() is None, (prefect_home / "server.log").read_text()[-2000:]
            time.sleep(0.3)
    else:
        pytest.fail("the Prefect server did not start")
    yield address
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=20)
    log.close()


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory, prefect_server: str, prefect_home: Path) -> tuple[Project, str]:
    """A project whose pipeline has run once, and what that run printed with --json."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project", prefect_server, prefect_home)
    done = project.brickwise("run", "zoo.flow:animals", "--json")
    assert done.returncode == 0, done.stderr
    return project, done.stdout


@pytest.fixture
def project(tmp_path: Path, prefect_server: str, prefect_home: Path) -> Project:
    """A new project."""
    return make_project(tmp_path / "project", prefect_server, prefect_home)


@pytest.fixture
def finished(tmp_path: Path, finished_once: tuple[Project, str]) -> Project:
    """A copy of a project whose pipeline has run once."""
    done, _ = finished_once
    shutil.copytree(done.folder, tmp_path / "project")
    return Project(tmp_path / "project", done.environment)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Headless Chromium."""
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Open a file; `options` are those of a browser's context. What was logged or asked for fails the test."""
    opened: list[tuple[Any, Tab]] = []

    def visit(file: Path, *, width: int = 1280, **options: Any) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append((context, Tab(context.new_page(), file)))
        return opened[-1][1]

    yield visit
    for context, tab in opened:
        context.close()
        assert tab.troubles == []
        assert tab.requests == []
