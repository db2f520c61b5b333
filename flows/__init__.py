"""Pipelines as Prefect flows, the shipped pipelines, and the command line."""
