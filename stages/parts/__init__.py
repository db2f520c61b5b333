"""The parts of a net as frozen configs. They import no torch: `build` does.

A part of your own is one class in a module of yours: a subclass of Embed, Encode, Attend, Merge or Predict, with its fields,
`width_out` and `build`.
"""

from .attend import Attend, Attention, Max, Mean
from .embed import Embed, Learned
from .embed_characters import CharCnn
from .embed_hashed import Hashed
from .embed_huggingface import HuggingFace
from .embed_numbers import Projected, Values
from .embed_pretrained import Pretrained
from .encode import Bag, Cnn, Encode, Gru, Lstm
from .merge import Concat, Merge
from .net import Branch, MixedNet, Net, TextNet
from .predict import Perceptron, Predict

__all__ = [
    "Attend", "Attention", "Bag", "Branch", "CharCnn", "Cnn", "Concat", "Embed", "Encode", "Gru", "Hashed", "HuggingFace",
    "Learned", "Lstm", "Max", "Mean", "Merge", "MixedNet", "Net", "Perceptron", "Predict", "Pretrained", "Projected",
    "TextNet", "Values",
]  # fmt: skip
