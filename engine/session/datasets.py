"""The stored data sets: finding, adding and removing them."""

from engine.datasets.ingest import add
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace

__all__ = ["add", "open_workspace"]


def open_workspace() -> Workspace:
    """Where this person's data sets lie."""
    return Workspace(find_paths().data)
