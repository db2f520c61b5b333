"""Sharing: a store's runs pushed to any file system that fsspec knows, and pulled from it."""
