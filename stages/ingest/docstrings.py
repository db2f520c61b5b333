"""The docstrings of installed packages, read from their sources; nothing is imported."""

from __future__ import annotations

import ast
import csv
import gc
import inspect
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline import SOURCE, UsageError, turned_away
from pipeline.key import versions

from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa

Documentable = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_KINDS = {ast.Module: "module", ast.ClassDef: "class", ast.FunctionDef: "function", ast.AsyncFunctionDef: "function"}


class PackageDocstrings(Source):
    """First paragraphs of docstrings, labelled with the distribution they come from.

    packages: distribution names, as pip knows them.  skip: names of folders that are left out, tests above all.
    """

    packages: tuple[str, ...]
    skip: tuple[str, ...] = ("tests", "test", "testing")

    def state(self) -> Mapping[str, Any]:
        """The version of each package. Raises UsageError for one that is not installed."""
        if not self.packages:
            raise UsageError("source PackageDocstrings: packages is empty, expected names such as 'torch'")
        found = versions(self.packages)
        return {package: found[package] for package in self.packages}

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """The docstrings of one package, files in the order of their paths.

        Columns: id, text, label, file, line, kind.  A file that Python cannot parse is turned away whole.
        """
        import pyarrow as pa

        schema = pa.schema(
            [(name, pa.string()) for name in ("id", "text", "label", "file")] + [("line", pa.int64()), ("kind", pa.string())]
        )
        rows: list[dict[str, Any]] = []
        broken = []
        for file, path in self._files(name):
            try:
                with _quick_parsing():
                    found = [*docstrings(ast.parse(path.read_bytes()), file)]
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the last: too deep to parse
                row = pa.table({SOURCE: [file], "label": [name]})
                broken.append(turned_away(row, f"cannot be parsed: {type(error).__name__}"))
                continue
            rows += ({"label": name, "file": file, **row} for row in found)
        yield pa.Table.from_pylist(rows, schema=schema), broken

    def _files(self, package: str) -> Iterator[tuple[str, Any]]:
        """Name and path of each source file that the package's record lists, whether it is there or not.

        The record is read as it stands: `Distribution.files` leaves out what is missing, or does not, by Python's version and by whether
        anybody has imported the backport `importlib_metadata` (OpenTelemetry does), which takes over.
        """
        from importlib.metadata import distribution

        found = distribution(package)
        record = found.read_text("RECORD")
        listed = [row[0] for row in csv.reader(record.splitlines()) if row] if record else map(str, found.files or ())
        for file in sorted(listed):
            path = PurePosixPath(file)
            if path.suffix == ".py" and path.parts[0] != ".." and not set(path.parts).intersection(self.skip):
                yield file, found.locate_file(file)


@contextmanager
def _quick_parsing() -> Iterator[None]:
    """Invalid escapes in other people's sources are not ours to tell; the cyclic collector doubles the time (39 s, 75 s)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if collecting:
            gc.enable()


def docstrings(tree: ast.Module, file: str) -> Iterator[dict[str, Any]]:
    """id, text, line and kind of every documented module, class and function, in the order of the file."""
    for node in _documentable(tree):
        text = ast.get_docstring(node, clean=False)
        if text is not None:
            text.encode()  # a lone surrogate is a UnicodeEncodeError: no text that a file could hold
            line, name = getattr(node, "lineno", 1), getattr(node, "name", "")
            yield {"id": f"{file}:{line}:{name}", "text": first_paragraph(text), "line": line, "kind": _KINDS[type(node)]}


def _documentable(node: ast.AST) -> Iterator[Documentable]:
    """Modules, classes and functions, looking into statements only: most of a tree is expressions, which hold none."""
    if isinstance(node, Documentable):
        yield node
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, block, ()):
            yield from _documentable(inner)


def first_paragraph(text: str) -> str:
    """The lines up to the first empty one, unindented."""
    return re.split(r"\n\s*\n", inspect.cleandoc(text), maxsplit=1)[0].strip()
