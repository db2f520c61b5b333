"""Ingest: rows from outside the pipeline."""

from .columns import Columns
from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .files import Files
from .jsonlines import JsonLines
from .parquetfiles import ParquetFiles
from .stage import Ingest, Source

__all__ = ["Columns", "CsvFile", "Files", "Ingest", "JsonLines", "PackageDocstrings", "ParquetFiles", "Source"]
