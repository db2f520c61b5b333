"""Report: one run against another as a single HTML file that needs no server and no network."""

from .command import show_report

__all__ = ["show_report"]
