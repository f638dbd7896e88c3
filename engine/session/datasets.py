"""The stored data sets: finding, adding and removing them."""

import logging
from pathlib import Path

from engine.datasets.ingest import Preview, add, preview
from engine.storage.part_file import clear_parts
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace

__all__ = ["Preview", "add", "clear_leftovers", "open_workspace", "preview"]

_log = logging.getLogger(__name__)


def open_workspace() -> Workspace:
    """Where this person's data sets lie."""
    return Workspace(find_paths().data)


def clear_leftovers(workspace: Workspace) -> list[Path]:
    """Delete what killed processes left in a workspace, in the state and in the cache; returns what was deleted."""
    paths = find_paths()
    cleared = workspace.clear_leftovers()
    for folder in (paths.state, paths.state / "searches", paths.cache, paths.cache / "downloads"):
        for path in clear_parts(folder):
            _log.info("%s: cleared, since the process that wrote it ended before it was complete", path)
            cleared.append(path)
    return cleared
