"""Ingest: rows from outside the pipeline."""

from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .sqlrows import SqlRows
from .stage import Ingest, Source

__all__ = ["CsvFile", "Ingest", "PackageDocstrings", "Source", "SqlRows"]
