"""Docstrings of an installed distribution, read and never imported."""

import ast
import importlib
import sys

import pytest

from pipeline import Outside, UsageError
from schemas import RawDocstring
from stages import Ingest, PackageDocstrings
from stages.ingest.docstrings import docstrings, first_paragraph

SOURCES = {
    "bricklib/__init__.py": '"""Bricks of\nall kinds.\n\nMore about them."""\nraise SystemExit("imported")\n',
    "bricklib/walls.py": '''
import this_does_not_exist

class Wall:
    """A wall."""

    def lay(self):
        """Lay a brick."""
        def inner():
            """Inside lay."""

    async def dry(self):
        """Wait."""

    class Gap:
        """Nothing there."""

    def silent(self):
        return "not a docstring"

if True:
    def branch():
        """In an if."""
else:
    def other():
        """In an else."""

try:
    pass
except ImportError:
    def handler():
        """In an except."""
else:
    def otherwise():
        """In a try's else."""
finally:
    def last():
        """In a finally."""

with open("x") as f:
    def held():
        """In a with."""

for _ in ():
    def looped():
        """In a loop."""

match 1:
    case 1:
        def matched():
            """In a case."""
''',
    "bricklib/latin.py": '# -*- coding: latin-1 -*-\n"""Größe."""\n'.encode("latin-1"),
    "bricklib/broken.py": 'def f(:\n    """Never read."""\n',
    "bricklib/nul.py": b'"""A nul \x00 byte."""\n',
    "bricklib/undecodable.py": b'"""Gr\xf6\xdfe."""\n',
    "bricklib/surrogate.py": '"""Half \\ud800 of a pair."""\n',
    "bricklib/deep.py": "if a:\n    pass\n" + "elif a:\n    pass\n" * 1500,
    "bricklib/deeper.py": f"x = {'-' * 10_000}1\n",
    "bricklib/escape.py": '"""An invalid \\d escape, in somebody else\'s source."""\n',
    "bricklib/tests/test_walls.py": '"""A test."""\n',
    "bricklib/data.txt": '"""No source."""\n',
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution where Python finds installed ones."""
    site = tmp_path / "site"

    def of(sources, name="brick-lib", version="1.2.3"):
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        record = [f"{info.name}/METADATA,,", f"{info.name}/RECORD,,", "../../../bin/brick.py,,"]
        for path, content in sources.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(content if isinstance(content, bytes) else content.encode())
            record.append(f"{path},,")
        (info / "RECORD").write_text("\n".join(record) + "\n")
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()
        return PackageDocstrings(packages=(name,))

    return of


@pytest.fixture
def ingested(install):
    source = install(SOURCES)
    ((rows, away),) = source.read("brick-lib")
    return rows.to_pylist(), [line for part in away for line in part.to_pylist()]


def test_every_documented_module_class_and_function_is_a_row_with_its_place(ingested):
    rows, _ = ingested
    walls = [(row["kind"], row["line"], row["text"]) for row in rows if row["file"] == "bricklib/walls.py"]
    assert walls == [
        ("class", 4, "A wall."),
        ("function", 7, "Lay a brick."),
        ("function", 9, "Inside lay."),
        ("function", 12, "Wait."),
        ("class", 15, "Nothing there."),
        ("function", 22, "In an if."),
        ("function", 25, "In an else."),
        ("function", 34, "In a try's else."),
        ("function", 37, "In a finally."),
        ("function", 31, "In an except."),
        ("function", 41, "In a with."),
        ("function", 45, "In a loop."),
        ("function", 50, "In a case."),
    ]


def test_a_row_is_labelled_with_its_distribution_and_has_an_id_of_its_own(ingested):
    rows, _ = ingested
    assert {row["label"] for row in rows} == {"brick-lib"}
    assert len({row["id"] for row in rows}) == len(rows)
    assert "bricklib/walls.py:7:lay" in {row["id"] for row in rows}


def test_a_module_keeps_its_first_paragraph_and_a_latin_1_cookie_is_heeded(ingested):
    rows, _ = ingested
    modules = {row["file"]: row["text"] for row in rows if row["kind"] == "module"}
    assert modules == {
        "bricklib/__init__.py": "Bricks of\nall kinds.",
        "bricklib/latin.py": "Größe.",
        "bricklib/escape.py": "An invalid \\d escape, in somebody else's source.",
    }


def test_a_file_that_cannot_be_read_as_python_is_quarantined_whole_and_ends_nothing(ingested):
    _, away = ingested
    assert {line["source"]: line["rule"] for line in away} == {
        "bricklib/broken.py": "cannot be parsed: SyntaxError",
        "bricklib/nul.py": "cannot be parsed: SyntaxError",
        "bricklib/undecodable.py": "cannot be parsed: SyntaxError",
        "bricklib/surrogate.py": "cannot be parsed: UnicodeEncodeError",
        "bricklib/deeper.py": "cannot be parsed: MemoryError",
        "bricklib/deep.py": "cannot be parsed: RecursionError",
    }
    assert {line["column"] for line in away} == {None}


@pytest.mark.parametrize("backport", [False, True])
def test_a_file_that_the_record_lists_and_nobody_has_is_quarantined(install, tmp_path, backport):
    if backport:
        import importlib_metadata  # noqa: F401  # from now on it answers for importlib.metadata in this process
    source = install({"bricklib/__init__.py": '"""Here."""', "bricklib/gone.py": ""})
    (tmp_path / "site/bricklib/gone.py").unlink()
    ((rows, away),) = source.read("brick-lib")
    assert rows.num_rows == 1
    assert away[0]["rule"].to_pylist() == ["cannot be parsed: FileNotFoundError"]


def test_tests_and_files_outside_the_site_folder_are_left_out(ingested):
    rows, away = ingested
    seen = {row["file"] for row in rows} | {line["source"] for line in away}
    assert not [file for file in seen if "test" in file or ".." in file or file.endswith(".txt")]


def test_nothing_is_imported(install):
    before = set(sys.modules)
    source = install({"bricklib/__init__.py": '"""Loud."""\nraise SystemExit("imported")\n'})
    (table,) = Ingest[RawDocstring](source=source).map(Outside("brick-lib", "1"))
    assert table.read().num_rows == 1
    assert "bricklib" not in sys.modules
    assert not [name for name in set(sys.modules) - before if name.startswith("bricklib")]


def test_each_package_is_an_item_in_the_order_given_and_its_version_is_the_state(install):
    install({"one/__init__.py": '"""One."""'}, "lib-one", "1.0")
    install({"two/__init__.py": '"""Two."""'}, "lib-two", "2.0")
    source = PackageDocstrings(packages=("lib-two", "lib-one"))
    assert list(source.state().items()) == [("lib-two", "2.0"), ("lib-one", "1.0")]
    assert [rows["text"].to_pylist() for name in source.state() for rows, _ in source.read(name)] == [["Two."], ["One."]]


def test_a_package_that_is_not_installed_is_a_usage_error_that_names_it():
    with pytest.raises(UsageError, match="no-such-library"):
        PackageDocstrings(packages=("no-such-library",)).state()


def test_no_package_at_all_is_a_usage_error():
    with pytest.raises(UsageError, match="packages is empty"):
        PackageDocstrings(packages=()).state()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One line.", "One line."),
        ("\n    First\n    lines.\n\n    Rest.\n", "First\nlines."),
        ("Ends at blanks.\n    \n        \nRest.", "Ends at blanks."),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_the_first_paragraph_ends_at_the_first_line_with_nothing_to_read(text, expected):
    assert first_paragraph(text) == expected


def test_two_functions_of_one_name_have_two_ids():
    tree = ast.parse('def f():\n    """One."""\n\ndef f():\n    """Two."""\n')
    assert [row["id"] for row in docstrings(tree, "m.py")] == ["m.py:1:f", "m.py:4:f"]
