"""Ingest: rows from outside the pipeline."""

from .choose import source_of
from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .files import Files
from .jsonlines import JsonLines
from .parquetfiles import ParquetFiles
from .stage import Ingest, Source

__all__ = ["CsvFile", "Files", "Ingest", "JsonLines", "PackageDocstrings", "ParquetFiles", "Source", "source_of"]
