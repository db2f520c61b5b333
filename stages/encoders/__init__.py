"""Encoders of the Hugging Face kind: from a folder to verified files, a module and sentence vectors. No code of a folder is ever run."""

from .files import encoder_digests, encoder_files, read_encoder, width_of

__all__ = ["encoder_digests", "encoder_files", "read_encoder", "width_of"]
