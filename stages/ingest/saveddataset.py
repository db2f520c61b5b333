"""Datasets of Hugging Face's `datasets`, as `save_to_disk` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from pipeline import StageError, UsageError
from pipeline.digest import Json, digest_json, digest_stream
from pipeline.errors import bounded, suggest

from .stage import Source

if TYPE_CHECKING:
    import pyarrow as pa


class SavedDataset(Source):
    """Rows of a folder that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` has written; each Arrow file of it is an item.

    path: the folder.  splits: those of a DatasetDict that are read, in this order; all without it.
    split_column: the name of a column that tells the split, added to the rows.
    class_names: a ClassLabel column, or a list of them, holds the names of its classes; False leaves their numbers.  Its -1, which
    stands for no label, becomes null; a number that no class has turns its row away.

    The files are read as what they are, streams of Arrow with a JSON description.  The library is not needed for that and not
    imported: it takes 2 s, brings two packages that pickle, and would decode images.  Those stay as they are saved, bytes and path.
    """

    path: Path
    splits: tuple[str, ...] = ()
    split_column: str = ""
    class_names: bool = True

    def state(self) -> Mapping[str, Json]:
        """The digest of each Arrow file with the description of its columns. Raises UsageError for a folder of another kind."""
        return {str(file): self.state_of(str(file)) for folder in self._folders() for file in _data_files(folder)}

    def state_of(self, name: str) -> Json:
        """The digest of one file."""
        try:
            with Path(name).open("rb") as file:
                return digest_json([digest_stream(file, 2**20), _document(Path(name).parent / "dataset_info.json")])
        except OSError as error:
            raise UsageError(f"source {name} cannot be read: {error.strerror or error}; save the dataset again") from error

    def read(self, name: str) -> Iterator[tuple[pa.Table, list[pa.Table]]]:
        """One file, a batch at a time, its rows numbered from 1. Raises StageError for one that is damaged or cut off."""
        import pyarrow as pa

        from .arrowfile import labelled, rows_of

        path = Path(name)
        features = _document(path.parent / "dataset_info.json").get("features") if self.class_names else None
        for rows in rows_of(path):
            if self.split_column:
                if self.split_column in rows.column_names:
                    raise StageError(
                        f"source {name} has a column {self.split_column!r} already; give split_column another name"
                    )
                rows = rows.append_column(self.split_column, pa.array([path.parent.name] * rows.num_rows, pa.string()))
            yield labelled(rows, features or {})

    def _folders(self) -> list[Path]:
        listed = self.path / "dataset_dict.json"
        if not listed.exists():
            if not (self.path / "state.json").exists():
                raise UsageError(
                    f"source {self.path} is no saved dataset: it has neither state.json nor dataset_dict.json, relative to {Path.cwd()}; "
                    "expected a folder that save_to_disk of `datasets` has written"
                )
            if self.splits:
                raise UsageError(f"source {self.path} is one dataset without splits, found splits={list(self.splits)}")
            return [self.path]
        found = _document(listed).get("splits")
        known = [name for name in found if _is_name(name)] if isinstance(found, list) else []
        for name in self.splits:
            if name not in known:
                raise UsageError(f"source {self.path} has no split {name!r}; {suggest(name, known)}")
        return [self.path / name for name in self.splits or known]


def _data_files(folder: Path) -> list[Path]:
    state = _document(folder / "state.json")
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise UsageError(
            f"source {folder} was saved with a selection of rows beside it; save it again, after flatten_indices()"
        )
    found = state.get("_data_files")
    names = [file.get("filename") if isinstance(file, dict) else None for file in found] if isinstance(found, list) else []
    files = [folder / name for name in names if _is_name(name) and not (folder / name).is_symlink()]
    if not files or len(files) < len(names):
        raise UsageError(f"source {folder}/state.json names the files {bounded(found)}, expected regular files in its folder")
    return files


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"source {path} cannot be read: {error.strerror or error}; save the dataset again") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"source {path} is no JSON: {bounded(str(error))}; save the dataset again") from error
    if not isinstance(document, dict):
        raise UsageError(f"source {path} holds {bounded(document)}, expected a JSON object; save the dataset again")
    return document


def _is_name(name: Any) -> TypeGuard[str]:
    return isinstance(name, str) and bool(name) and name not in (".", "..") and not {"/", "\\", "\0"} & set(name)
