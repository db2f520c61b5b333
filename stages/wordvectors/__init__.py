"""Word vectors: files of word2vec, GloVe and safetensors, read for the words of a vocabulary."""

from .reading import digests, read, require_width

__all__ = ["digests", "read", "require_width"]
