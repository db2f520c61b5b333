"""A value that no run could use is refused where it is written, not an hour into the run."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas import Text
from stages import Baseline, Compare, Evaluate, Mask, Train


@pytest.mark.parametrize("device", ["gpu", "tpu", "cuda:", "cuda:banana", "cpu:-1", "Cpu", ""])
def test_a_device_is_one_that_some_machine_could_have(device):
    with pytest.raises(ValidationError, match="should match pattern"):
        Train(device=device)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:11", "mps"])
def test_whether_it_is_there_only_the_run_can_tell(device):
    assert Train(device=device).device == device


@pytest.mark.parametrize(
    ("stage", "fields"),
    [
        (Train, {"seed": -1}),
        (Train, {"seed": 2**63}),
        (Evaluate, {"seed": -1}),
        (Compare, {"model": "net", "baselines": ("linear",), "seed": -1}),
        (Baseline, {"model": "Mean"}),
        (Mask[Text], {"stems": ("numpy", "")}),  # it would stand between all characters
        (Mask[Text], {"stems": ("numpy",), "aliases": ("np|",)}),
    ],
)
def test_a_value_that_would_fail_or_mislead_is_refused(stage, fields):
    with pytest.raises(ValidationError):
        stage(**fields)
