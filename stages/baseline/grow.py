"""Grow trees: the file that imports LightGBM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np

from pipeline import report

if TYPE_CHECKING:
    from .rungs import Boosting

Rows = tuple[Any, "np.ndarray[Any, Any]"]  # features [n, columns], dense or sparse; the truth [n]


def grow(config: Boosting, training: Rows, validation: Rows | None, classes: int) -> dict[str, Any]:
    """The trees as `Booster.dump_model` gives them, up to the one after which the validation loss was least.

    classes: how many, 0 for the squared error of a number.  Columns are numbers, then categories, then terms.  The same rows give
    the same trees, on the same number of threads.
    """
    data = _dataset(config, training, None)
    held_out = [_dataset(config, validation, data)] if validation else []
    rounds = config.trees if validation else max(1, config.trees // 10)
    parameters = {
        "objective": {0: "regression", 2: "binary"}.get(classes, "multiclass"),
        "num_class": classes if classes > 2 else 1,
        "learning_rate": config.rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": min(20, max(1, len(training[1]) // 10)),
        "seed": config.seed,
        "num_threads": config.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    stops = [lightgbm.early_stopping(config.patience, verbose=False)] if validation else []
    booster = lightgbm.train(parameters, data, rounds, held_out, callbacks=[_told(rounds), *stops])
    return booster.dump_model(num_iteration=booster.best_iteration if validation else None)


def _dataset(config: Boosting, rows: Rows, reference: lightgbm.Dataset | None) -> lightgbm.Dataset:
    features, truth = rows
    first = len(config.numbers)
    return lightgbm.Dataset(
        features,
        truth,
        reference=reference,
        categorical_feature=list(range(first, first + len(config.categories))),
        params={"verbosity": -1},
    )


def _told(rounds: int) -> Any:
    def tell(state: Any) -> None:
        report(state.iteration + 1, rounds, "trees")

    return tell
