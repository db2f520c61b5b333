"""The code of a rule of one's own, and the day, are part of a receipt's key."""

import shutil
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

import schemas
from pipeline.key import check_parts, key, look_outside_again
from schemas import Fresh, Suite
from schemas.expectations import whole

RULES = """
    import pyarrow.compute as pc
    from schemas import Rule, Suite

    LIMIT = 3

    def small(values):
        return pc.less(values, LIMIT)

    class Small(Rule):
        "`a` is small"

        column: str = "a"

        def holds(self, rows):
            return small(rows[self.column])

    suite = Suite(name="s", expectations=(Small(),))
"""


def named(suite):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # code that cannot be followed would be warned about
        return key(check_parts(suite, "d" * 64))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("pc.less(values", "pc.less_equal(values"),
        ("return small(rows[self.column])", "return small(rows['b'])"),
        ('column: str = "a"', 'column: str = "b"'),
    ],
)
def test_an_edit_of_a_rule_or_of_what_it_reaches_gives_another_key(project, old, new):
    project.write("mypkg/rules.py", RULES)
    before = named(project.load("mypkg.rules:suite"))
    project.edit("mypkg/rules.py", old, new)
    assert named(project.load("mypkg.rules:suite")) != before


def test_an_edit_of_what_no_rule_reaches_keeps_the_key(project):
    project.write("mypkg/rules.py", RULES)
    before = named(project.load("mypkg.rules:suite"))
    project.write("mypkg/rules.py", RULES + "\n    OTHER = 1\n")
    assert named(project.load("mypkg.rules:suite")) == before


def test_how_rows_are_judged_is_part_of_the_key():
    code = check_parts(Suite(name="s", expectations=()), "d" * 64)["code"]
    assert {"schemas/suite.py: Suite", "schemas/gx/"} <= code.keys()
    code = check_parts(Suite(name="s", expectations=(Fresh(column="day", days=1),)), "d" * 64)["code"]
    assert "schemas/expectations/" in code


def test_an_edit_of_the_machinery_is_another_key(tmp_path):
    for name in ("pipeline", "schemas"):
        shutil.copytree(Path(schemas.__file__).parents[1] / name, tmp_path / name)
    code = "from pipeline.fingerprint.firstparty import MACHINERY, whole_digest; print(*map(whole_digest, MACHINERY))"

    def digests() -> list[str]:
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.split()

    before = digests()
    path = tmp_path / "schemas" / "gx" / "conditions.py"
    path.write_text(path.read_text().replace("greater_equal", "greater"))
    assert [old == new for old, new in zip(before, digests(), strict=True)] == [True, True, False]


def test_a_receipt_on_freshness_is_no_receipt_the_day_after(monkeypatch):
    suite = Suite(name="s", expectations=(Fresh(column="day", days=1),))
    monkeypatch.setattr(whole, "clock", lambda: datetime(2030, 1, 1, 23, 59, tzinfo=UTC))
    look_outside_again()
    yesterday = key(check_parts(suite, "d" * 64))
    assert key(check_parts(suite, "d" * 64)) == yesterday
    monkeypatch.setattr(whole, "clock", lambda: datetime(2030, 1, 2, 0, 1, tzinfo=UTC))
    assert key(check_parts(suite, "d" * 64)) == yesterday, "a run that goes on past midnight keeps its day"
    look_outside_again()
    assert key(check_parts(suite, "d" * 64)) != yesterday
