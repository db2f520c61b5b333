"""Pages: what is known of a pipeline's data, as a folder of HTML that needs no server, no network and no script."""

from .command import show_docs

__all__ = ["show_docs"]
