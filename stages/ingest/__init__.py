"""Ingest: rows from outside the pipeline."""

from .columns import Columns
from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .stage import Ingest, Source

__all__ = ["Columns", "CsvFile", "Ingest", "PackageDocstrings", "Source"]
