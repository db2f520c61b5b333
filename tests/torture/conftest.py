"""How much of the torture: in short beside the suite, in full with BRICKWISE_TORTURE=1, which `make torture` sets."""

import os

import pytest


@pytest.fixture(scope="session")
def full() -> bool:
    return os.environ.get("BRICKWISE_TORTURE") == "1"
