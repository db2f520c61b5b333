"""What a disk may show after a power cut, given the operations done until then.

POSIX promises little: the content of a file is on the disk once that file was flushed, and what a folder says (a name made,
renamed or removed) once that folder was flushed.  Until then each name of a folder, apart from every other, shows any of what
it stood for since the last flush, so that a rename may show at both of its names, at one or at neither; and a file whose name
is there may hold nothing, a part, zeros or all.  A name that is replaced shows the old file or the new one, as every file system
with a journal keeps it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Operation = dict[str, Any]  # {"operation", "path", "target", "bytes" of the file after it, as hex}


@dataclass
class File:
    """What was flushed of it, and what was written."""

    flushed: bytes = b""
    written: bytes = b""


@dataclass
class Folder:
    """Name -> what it stood for since the last flush, oldest first; None where it was not there."""

    names: dict[str, list[File | Folder | None]] = field(default_factory=dict)

    def now(self, name: str) -> File | Folder | None:
        return self.names.get(name, [None])[-1]

    def put(self, name: str, node: File | Folder | None) -> None:
        self.names.setdefault(name, [None]).append(node)


Names = Callable[[Sequence[Any]], Any]  # of what a name stood for, what it shows
Bytes = Callable[[File], bytes]


class Disk:
    """A folder on it, as operations are done below it."""

    def __init__(self, root: Path) -> None:
        self.name = root.name
        self._above = root.parent
        self._top = Folder()

    def _folder(self, path: Path) -> Folder:
        found: Any = self._top
        for name in path.relative_to(self._above).parts:
            found = found.now(name)
        return found

    def do(self, done: Operation) -> None:
        """Carry out one operation."""
        operation, path = done["operation"], Path(done["path"])
        if operation == "flush folder":
            folder = self._folder(path)
            folder.names = {name: states[-1:] for name, states in folder.names.items()}  # for good
            return
        if operation == "create":  # its name is heard of as it is written
            return
        folder = self._folder(path.parent)
        node = folder.now(path.name)
        if operation == "create folder":
            folder.put(path.name, node or Folder())
        elif operation in ("remove", "remove folder"):
            folder.put(path.name, None)
        elif operation == "rename":
            target = Path(done["target"])
            folder.put(path.name, None)
            self._folder(target.parent).put(target.name, node)
        else:
            if not isinstance(node, File):
                node = File()
                folder.put(path.name, node)
            node.written = bytes.fromhex(done["bytes"])
            if operation == "flush":
                node.flushed = node.written

    def image(self, names: Names, content: Bytes) -> dict[str, bytes | None]:
        """What is there when the power is back: path -> bytes, None for a folder."""
        found: dict[str, bytes | None] = {}

        def show(folder: Folder, above: str) -> None:
            for name, states in sorted(folder.names.items()):
                node = names(states)
                if isinstance(node, Folder):
                    found[above + name] = None
                    show(node, f"{above}{name}/")
                elif node is not None:
                    found[above + name] = node.flushed if node.flushed == node.written else content(node)

        show(self._top, "")
        return found


def _first(states: Sequence[Any]) -> Any:
    return states[0]


def _last(states: Sequence[Any]) -> Any:
    return states[-1]


def _half(file: File) -> bytes:
    return file.written[: max(len(file.flushed), len(file.written) // 2)]


def _zeroed(file: File) -> bytes:
    return _half(file).ljust(len(file.written), b"\0")


def variants(seed: str, mixes: int) -> dict[str, tuple[Names, Bytes]]:
    """The ways a cut is tried: everything lost, names kept with data lost in three ways, and seeded mixes of all."""
    found: dict[str, tuple[Names, Bytes]] = {
        "all dropped": (_first, lambda file: file.flushed),
        "names kept, data dropped": (_last, lambda file: file.flushed),
        "names kept, data torn": (_last, _half),
        "names kept, tail zeroed": (_last, _zeroed),
    }
    for number in range(mixes):
        dice = random.Random(f"{seed} {number}")
        ways: list[Bytes] = [lambda file: file.flushed, lambda file: file.written, _half, _zeroed]
        found[f"mix {number}"] = (dice.choice, lambda file, dice=dice, ways=ways: dice.choice(ways)(file))
    return found


def write_image(image: dict[str, bytes | None], folder: Path) -> None:
    """Make the files."""
    folder.mkdir()
    for name, data in image.items():
        if data is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(data)


class Recorder:
    """A watch that writes down every operation, with the bytes of its file once it is done; the next one shows that."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._before: Operation | None = None

    def __call__(self, operation: str, path: Path, target: Path | None) -> None:
        self.close()
        self._before = {"operation": operation, "path": str(path), "target": str(target)}
        if operation == "flush":
            self._before["bytes"] = path.read_bytes().hex()

    def close(self) -> None:
        """The last one is done as well."""
        done = self._before
        if done is not None:
            path = Path(done["path"])
            if "bytes" not in done:
                done["bytes"] = path.read_bytes().hex() if path.is_file() else ""
            with self._file.open("a") as file:
                file.write(json.dumps(done) + "\n")
        self._before = None


def recorded(file: Path) -> list[Operation]:
    """What a Recorder wrote down; nothing when nothing was done."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
