"""Frozen: the base of every declared thing (stage, record, check, part of a net, run record)."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable model that refuses unknown fields and, in Python values, infinities and NaN.

    pydantic builds its validator at first use: a command that declares sixty of them and uses ten is a tenth quicker.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
