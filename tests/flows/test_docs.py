"""The documents against the code."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.arguments import SELECTION, grammar
from flows.commands import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GRAMMAR = grammar()[1]
EVERYWHERE = {"--store", "--json", "--help"}


def test_every_command_has_a_page_and_every_page_a_command():
    assert {page.stem for page in (ROOT / "docs/commands").glob("*.md")} == COMMANDS.keys()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_page_of_a_command_names_its_options(command):
    page = (ROOT / f"docs/commands/{command}.md").read_text()
    for option in set(GRAMMAR[command].options()) - EVERYWHERE:
        assert option in page, f"{command}.md does not name {option}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_takes_what_the_grammar_reads(command):
    read = {action.dest for action in GRAMMAR[command]._actions} - {"help"}
    read = read - SELECTION | {"selection"} if read >= SELECTION else read
    assert read == set(inspect.signature(COMMANDS[command]).parameters)


def test_the_grammar_knows_every_command():
    assert GRAMMAR.keys() == COMMANDS.keys()


def test_the_page_of_run_explains_what_every_command_takes():
    page = (ROOT / "docs/commands/run.md").read_text()
    assert all(f"`{option}" in page for option in EVERYWHERE - {"--help"})


def test_links_and_files_that_the_documents_name_are_there():
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "stages/train/README.md"]:
        prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#:]+)\)", re.sub(r"`[^`\n]*`|^ {4}.*$", "", prose, flags=re.MULTILINE)):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
    design = (ROOT / "docs/design.md").read_text()
    for target in set(re.findall(r"`((?:pipeline|schemas|stages|flows)/[\w/]+\.\w+)`", design)):
        assert (ROOT / target).exists(), f"design.md names {target}"


def test_the_commands_of_the_readme_exist():
    found = set(re.findall(r"^    brickwise (\w+)", README, re.MULTILINE))
    assert found
    assert found <= COMMANDS.keys()
    assert set(re.findall(r"^    make (\w+)", README, re.MULTILINE)) <= set(
        re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )


def test_the_pipeline_of_the_readme_runs_as_it_stands(project):
    pipeline, stage, net = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in pipeline.splitlines() if line.strip()]) <= 32
    project.write("zoo/flow.py", pipeline)
    project.write("zoo/shout.py", stage)
    project.write("zoo/net.py", net)
    subprocess.run([sys.executable, "-c", "import zoo.net"], cwd=project.folder, env=project.environment, check=True)
    done = project.brickwise("run", "zoo.flow:animals")
    assert done.returncode == 0, done.stdout + done.stderr
    project.write(
        "zoo/flow.py",
        pipeline.replace("from schemas", "from .shout import Shout\nfrom schemas", 1).replace(
            "Clean[Text](min_chars=5)", "Shout()"
        ),
    )
    planned = project.brickwise("plan", "zoo.flow:animals")
    assert planned.returncode == 0, planned.stderr
