"""The fingerprint: the first-party code that a class can reach, a digest a function, class or constant."""

from .follow import Fingerprint, fingerprint

__all__ = ["Fingerprint", "fingerprint"]
