"""Ingest: rows from outside the pipeline."""

from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .stage import Ingest, Source

__all__ = ["CsvFile", "Ingest", "PackageDocstrings", "Source"]
