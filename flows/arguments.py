"""The command line's grammar: which commands there are, and what each takes.

argparse rather than a richer library: it starts in 10 ms where cyclopts takes 40, and a run with nothing to do lasts 200.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pipeline import Selection, UsageError
from pipeline.errors import bounded, suggest

from .hints import DEFAULT_STORE

PIPELINE = "a shipped name (docstrings) or an import string (package.module:variable)"
SELECTION = {"only", "start", "end", "force", "overrides"}  # by the names that Selection has for them
URL = "a folder, or where a driver of fsspec leads: file:///mnt/team, s3://bucket/team, sftp://host/team"
RUN = "a run id, or a beginning or an end of one"


class Parser(argparse.ArgumentParser):
    """Raises UsageError, where argparse's own prints its usage and leaves."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **arguments)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read on."""
        raise UsageError(f"{message}; see {self.prog} --help")


class Command(Parser):
    """The parser of one command."""

    def options(self) -> tuple[str, ...]:
        """Its options, `--name` each."""
        return tuple(name for action in self._actions for name in action.option_strings if name.startswith("--"))


class Version(argparse.Action):
    """Look the version up only when somebody asks."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        """Print it and leave."""
        from importlib.metadata import version

        print(f"brickwise {version('brickwise')}")
        parser.exit()


def parse(arguments: Sequence[str]) -> dict[str, Any]:
    """The command's name as `command`, and what it takes by the names of its parameters. Raises UsageError.

    With no arguments at all it shows the help and leaves.
    """
    parser, commands = grammar()
    named = next((argument for argument in arguments if not argument.startswith("-")), None)
    if named is not None and named not in commands:
        raise UsageError(f"no command {_shown(named)!r}; {suggest(named, commands)}")
    found, unknown = parser.parse_known_args(arguments or ["--help"])
    if unknown:
        name = unknown[0].partition("=")[0]
        way_out = suggest(name, commands[found.command].options()) if name.startswith("-") else "see --help"
        raise UsageError(f"{found.command} takes no {_shown(name)!r}; {way_out}")
    options = vars(found)
    if options.keys() >= SELECTION:
        options["overrides"] = dict(map(_override, options["overrides"]))
        options["selection"] = Selection(**{name: options.pop(name) for name in SELECTION})
    return options


def grammar() -> tuple[Parser, dict[str, Command]]:
    """The parser, and the parser of each command by name."""
    parser = Parser(
        prog="brickwise",
        description="Build a deep-learning model brick by brick:\ntyped, checked, cached, and compared with what came before.",
        epilog="--debug shows where an error came from.\n"
        "exit codes: 0 done, 1 a stage failed, 2 usage, config or wiring, 3 a data check blocked,\n"
        "4 a metric gate failed, 5 the store needs care, 130 interrupted, 143 terminated",
    )
    parser.add_argument("--version", action=Version, nargs=0, dest=argparse.SUPPRESS, help="show it and leave")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Command, required=True)
    found: dict[str, Command] = {}

    def command(name: str, summary: str, *, json: bool = True) -> Command:
        made: Command = commands.add_parser(name, help=summary, description=summary)
        made.add_argument(
            "--store", type=Path, default=os.environ.get("BRICKWISE_STORE", DEFAULT_STORE), help="the store's folder"
        )
        if json:
            made.add_argument("--json", action="store_true", dest="as_json", help="one JSON document on standard output")
        found[name] = made
        return made

    for made in (
        command("run", "Run what is stale, compare with the champion, and show it."),
        command("plan", "Say what would run, and why; run nothing."),
    ):
        made.add_argument("pipeline", metavar="PIPELINE", help=PIPELINE)
        _settings(made)
        made.add_argument("--only", metavar="STEP", help="that step alone")
        made.add_argument("--from", dest="start", metavar="STEP", help="that step and those below it")
        made.add_argument("--to", dest="end", metavar="STEP", help="that step and those above it")
        made.add_argument("--force", action="store_true", help="rerun the selected steps also when they are fresh")
        made.add_argument(
            "--override",
            action="append",
            default=[],
            dest="overrides",
            metavar="STEP.CHECK=REASON",
            help="let a check that fails pass this once; the record of the run says so",
        )
    found["run"].add_argument(
        "--junit", metavar="FILE", type=Path, help="also the checks and gates as JUnit XML, whatever the outcome"
    )
    found["run"].add_argument("--markdown", metavar="FILE", type=Path, help="also a summary for a pull request, likewise")

    made = command("validate", "Run data stages and their checks, never training; or check files of rows.")
    made.add_argument(
        "target",
        metavar="PIPELINE|FILE",
        help="a pipeline; with --record, a CSV, JSON Lines or Parquet file, a pattern or a URL",
    )
    made.add_argument("--step", metavar="STEP", help="only that step and those above it")
    made.add_argument("--record", metavar="MODULE:RECORD", help="check FILE against this Record")

    made = command("new", "Write a package for data of your own: a contract, a pipeline and a test that pass.")
    made.add_argument("name", metavar="NAME", help="of the package, made here, and of its pipeline")
    made.add_argument("--data", required=True, metavar="FILE", help="a file, a pattern such as days/*.csv, or a URL")
    made.add_argument(
        "--text", required=True, metavar="COLUMN", help="what is read; a path such as body.text looks into nested values"
    )
    made.add_argument("--label", required=True, metavar="COLUMN", help="what is to be told from the text")
    made.add_argument("--sha256", metavar="DIGEST", default="", help="of the file; needed for a URL over HTTP")
    made.add_argument("--group", metavar="COLUMN", help="rows that agree in it stay in one part of the split")

    made = command("quarantine", "Show what a step turned away, write it to a file, or run it again as it was put right there.")
    made.add_argument(
        "action", metavar="show|export|replay|forget", choices=("show", "export", "replay", "forget"), help="what to do"
    )
    made.add_argument("pipeline", metavar="PIPELINE", help=PIPELINE)
    made.add_argument("step", metavar="STEP", help="whose quarantine")
    made.add_argument("file", metavar="FILE", nargs="?", type=Path, help=".csv or .jsonl (PIPELINE-STEP-quarantine.csv)")
    made.add_argument("--check", metavar="NAME", help="the rows that broke this check instead, which went on or were blocked")
    made.add_argument("--limit", metavar="N", type=int, default=5, help="rows shown of each reason (5)")

    made = command("runs", "Show runs as a tree, newest first: which came from which, what changed, and with what outcome.")
    made.add_argument("pipeline", metavar="PIPELINE", nargs="?", help=f"only of {PIPELINE}")

    made = command("log", "Show how a metric came to be what it is: a line a run, oldest first, or a chart.")
    made.add_argument("pipeline", metavar="PIPELINE", nargs="?", help=f"{PIPELINE}; that of the newest run")
    made.add_argument("--model", metavar="NAME", help="the one by which runs are judged, unless named")
    made.add_argument("--metric", metavar="NAME", help="likewise")
    made.add_argument(
        "--plot",
        metavar="FILE",
        nargs="?",
        type=Path,
        const=Path("brickwise-log.svg"),
        help=".svg or .html, drawn (brickwise-log.svg)",
    )

    made = command("show", "Show one run, or one step of it: its checks, and what it quarantined.")
    made.add_argument("run", metavar="RUN|STEP", help=f"{RUN}; or a step, of the newest run that has it")
    made.add_argument("step", metavar="STEP", nargs="?", help="that step of RUN")
    made.add_argument("--key", action="store_true", help="the whole key of the step: what its output depends on")

    made = command(
        "export",
        "Write the model or the evaluation of a step to a folder that needs no store; a model with ONNX or TensorBoard files.",
    )
    made.add_argument("run", metavar="RUN", help=RUN)
    made.add_argument("step", metavar="STEP", help="whose model or evaluation")
    made.add_argument("folder", metavar="FOLDER", type=Path, help="where to; a new one")
    made.add_argument("--onnx", action="store_true", help="model.onnx beside it, compared with torch before it is written")
    made.add_argument("--tensorboard", action="store_true", help="its training log as a TensorBoard event file")

    made = command("docs", "Write pages on the data: profiles, charts, checks and quarantine, as a folder of HTML.")
    made.add_argument("target", metavar="RUN|PIPELINE", nargs="?", help=f"{RUN}, or a pipeline as it is now; the newest run")
    made.add_argument("--to", type=Path, default="brickwise-docs", metavar="FOLDER", help="where to (brickwise-docs)")

    made = command("report", "Write one HTML file on a run: the verdict, what it rests on, and every prediction.")
    made.add_argument("run", metavar="RUN", nargs="?", help=f"{RUN}; the newest")
    made.add_argument("--against", metavar="RUN", help="the earlier run; the one that it was compared with")
    made.add_argument("--to", type=Path, metavar="FILE", help="where to (report-PIPELINE-RUN.html)")

    made = command("diff", "Compare two runs: by default the newest with its champion; with one, that one with its champion.")
    made.add_argument("before", metavar="A", nargs="?", help=RUN)
    made.add_argument("after", metavar="B", nargs="?", help=RUN)
    made.add_argument("--to", type=Path, metavar="FOLDER", help="write the diff and its rows there as well; a new one")

    made = command("accept", "Make a run the champion, with which later runs of its pipeline are compared, and record it.")
    made.add_argument("run", metavar="RUN", help=RUN)
    made.add_argument("--why", default="", metavar="REASON", help="needed, and recorded, where a gate is not met")

    made = command("gc", "Remove what no champion, no recent run and no live run needs; safe beside runs.")
    made.add_argument("--keep", type=int, default=10, metavar="N", help="the last N runs of every pipeline (10)")
    made.add_argument("--dry-run", action="store_true", help="say what would go, and touch nothing")

    command(
        "verify", "Read everything in the store, and set aside what is damaged; exit 5 when anything was damaged or missing."
    )

    made = command("push", "Copy what finished runs and actions need to a URL; what is there is left.")
    made.add_argument("url", metavar="URL", help=URL)
    made.add_argument("--verify", action="store_true", help="read also what is there, and replace what is damaged")

    made = command("pull", "Copy what is at a URL to the store, each object verified; what is here is left.")
    made.add_argument("url", metavar="URL", help=URL)

    made = command("schedule", "Serve the pipeline as a Prefect deployment that runs by the clock, until Ctrl-C.", json=False)
    made.add_argument("pipeline", metavar="PIPELINE", help=PIPELINE)
    made.add_argument("--cron", metavar="LINE", help='such as "0 6 * * *"')
    made.add_argument("--every", metavar="SPAN", help="such as 30s, 15m, 1h, 1d")
    _settings(made)
    return parser, found


def _override(text: str) -> tuple[str, str]:
    check, equals, reason = text.partition("=")
    if not equals or "." not in check:
        raise UsageError(f"--override {bounded(text)} does not read STEP.CHECK=REASON")
    return check.strip(), reason.strip()


def _shown(argument: str) -> str:
    """An argument for a message: a URL may hold a password."""
    if "://" not in argument:
        return argument
    from pipeline.sharing.remote import masked

    return masked(argument)


def _settings(command: Command) -> None:
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="STEP.FIELD=VALUE",
        help="change a field, as often as you like",
    )
