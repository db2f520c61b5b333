"""Ingest: rows from outside the pipeline."""

from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .files import Files
from .saveddataset import SavedDataset
from .sqlrows import SqlRows
from .stage import Ingest, Source

__all__ = ["CsvFile", "Files", "Ingest", "PackageDocstrings", "SavedDataset", "Source", "SqlRows"]
