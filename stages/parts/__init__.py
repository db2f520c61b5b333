"""The parts of a net as frozen configs. They import no torch: `build` does.

A part of your own is one class in a module of yours: a subclass of Embed, Encode, Attend, Merge or Predict, with its fields,
`width_out` and `build`.
"""

from .attend import Attend, Attention, Last, Max, Mean, ReadLstm
from .embed import Embed, Learned
from .encode import Bag, Cnn, Encode, Gru, Lstm, LstmWritten, Transformer
from .merge import Concat, Gate, Merge, Sum
from .net import Branch, MixedNet, Net, TextNet
from .predict import Perceptron, Predict

__all__ = [
    "Attend", "Attention", "Bag", "Branch", "Cnn", "Concat", "Embed", "Encode", "Gate", "Gru", "Last", "Learned", "Lstm",
    "LstmWritten", "Max", "Mean", "Merge", "MixedNet", "Net", "Perceptron", "Predict", "ReadLstm", "Sum", "TextNet", "Transformer",
]  # fmt: skip
