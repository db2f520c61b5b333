"""The parts of a net as frozen configs. They import no torch: `build` does.

A part of your own is one class in a module of yours: a subclass of Embed, Encode, Attend, Merge or Predict, with its fields,
`width_out` and `build`.
"""

from .attend import Attend, Attention, Last, Max, Mean, ReadLstm
from .embed import Embed, Learned
from .embed_characters import CharCnn
from .embed_hashed import Hashed
from .embed_huggingface import HuggingFace
from .embed_numbers import Projected, Values
from .embed_pretrained import Pretrained
from .encode import Bag, Cnn, Encode, Gru, Lstm, LstmWritten, Transformer
from .merge import Concat, Gate, Merge, Sum
from .net import Branch, MixedNet, Net, TextNet
from .predict import Perceptron, Predict

__all__ = [
    "Attend", "Attention", "Bag", "Branch", "CharCnn", "Cnn", "Concat", "Embed", "Encode", "Gate", "Gru", "Hashed",
    "HuggingFace", "Last", "Learned", "Lstm", "LstmWritten", "Max", "Mean", "Merge", "MixedNet", "Net", "Perceptron",
    "Predict", "Pretrained", "Projected", "ReadLstm", "Sum", "TextNet", "Transformer", "Values",
]  # fmt: skip
