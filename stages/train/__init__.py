"""Train: a net of four typed slots, Embed -> Encode -> Attend -> Predict. See README.md in this folder."""

from .parts import (
    Attend,
    Attention,
    Bag,
    Cnn,
    Embed,
    Encode,
    Gru,
    Lstm,
    Max,
    Mean,
    Perceptron,
    TextNet,
)
from .stage import Train

__all__ = [
    "Attend",
    "Attention",
    "Bag",
    "Cnn",
    "Embed",
    "Encode",
    "Gru",
    "Lstm",
    "Max",
    "Mean",
    "Perceptron",
    "TextNet",
    "Train",
]
