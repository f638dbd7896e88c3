"""The stored data sets: finding, adding and removing them."""

from engine.datasets.ingest import Preview, add, preview
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace

__all__ = ["Preview", "add", "open_workspace", "preview"]


def open_workspace() -> Workspace:
    """Where this person's data sets lie."""
    return Workspace(find_paths().data)
