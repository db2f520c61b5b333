"""Find a pipeline by its shipped name or its import string."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path

from pydantic import ValidationError

from pipeline import BrickwiseError, Pipeline, UsageError
from pipeline.errors import bounded, suggest

SHIPPED = {"docstrings": "flows.docstrings:docstrings"}
_OURS = ("pipeline", "schemas", "stages", "flows")


def load_pipeline(name: str) -> Pipeline:
    """The pipeline called `docstrings` or `package.module:variable`.

    The working directory is put at the end of the import path, so that nothing in it shadows an installed module.
    Raises UsageError for a name that leads nowhere.
    """
    target = SHIPPED.get(name, name)
    module_name, colon, variable = target.partition(":")
    if not (colon and module_name and variable):
        raise UsageError(
            f"pipeline {name!r} is unknown, expected a shipped name or an import string, package.module:variable; "
            f"{suggest(name, SHIPPED)}"
        )
    add_working_directory()
    _refuse_our_names(module_name)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UsageError(
                f"pipeline {name!r}: no module {error.name!r}; expected a package in {Path.cwd()} or an installed one"
            ) from error
        raise UsageError(f"pipeline {name!r}: {module_name} imports {error.name!r}, which is not installed") from error
    except BrickwiseError:
        raise
    except Exception as error:  # whatever a user's module raises when imported is told, not thrown
        raise UsageError(f"pipeline {name!r}: importing {module_name} failed: {_told(error)}") from error
    found = getattr(module, variable, None)
    if not isinstance(found, Pipeline):
        pipelines = [known for known, value in vars(module).items() if isinstance(value, Pipeline)]
        what = f"{type(found).__name__}, not a Pipeline" if found is not None else "not there"
        raise UsageError(f"pipeline {name!r}: {variable!r} of {module_name} is {what}; {suggest(variable, pipelines)}")
    return found


def _told(error: Exception) -> str:
    """The error in one line, with the place in the file that raised it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    if isinstance(error, ValidationError):
        wrong = (
            f"{'.'.join(map(str, d['loc']))}: found {bounded(d['input'])}, {d['msg'].removeprefix('Value error, ')}"
            for d in error.errors(include_url=False)
        )
        message = f"{error.title}: {'; '.join(wrong)}"
    else:
        message = f"{type(error).__name__}: {error}"
    here = str(Path.cwd())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(here)]
    return f"{message} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else message


def add_working_directory() -> None:
    """Put the working directory at the end of the import path, and nowhere else."""
    here = str(Path.cwd())
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)] + [here]


def _refuse_our_names(module_name: str) -> None:
    top = module_name.partition(".")[0]
    folder = Path.cwd() / top
    own = importlib.import_module(top).__file__ if top in _OURS else None
    if own and folder.is_dir() and not Path(own).is_relative_to(folder):
        raise UsageError(
            f"the folder {folder} is called like brickwise's own package {top!r}, which is imported instead; give it another name"
        )
