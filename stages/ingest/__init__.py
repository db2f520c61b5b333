"""Ingest: rows from outside the pipeline."""

from .choose import source_of
from .columns import Columns
from .csvfile import CsvFile
from .docstrings import PackageDocstrings
from .files import Files
from .jsonlines import JsonLines
from .mailfolder import MailFolder
from .parquetfiles import ParquetFiles
from .saveddataset import SavedDataset
from .sqlrows import SqlRows
from .stage import Ingest, Source
from .textfolder import TextFolder

__all__ = [
    "Columns",
    "CsvFile",
    "Files",
    "Ingest",
    "JsonLines",
    "MailFolder",
    "PackageDocstrings",
    "ParquetFiles",
    "SavedDataset",
    "Source",
    "SqlRows",
    "TextFolder",
    "source_of",
]
