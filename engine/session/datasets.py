"""The stored data sets: finding, adding and removing them."""

import logging
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.ingest import Preview, add, preview, update
from engine.storage.part_file import clear_parts
from engine.storage.paths import find_paths
from engine.workspace import dataset_moves
from engine.workspace.dataset_moves import empty_trash, restore, throw_away
from engine.workspace.dataset_store import DEMO, Workspace
from engine.workspace.manifest import Manifest
from engine.workspace.trash import Trashed, trashed

__all__ = [
    "DEMO",
    "Preview",
    "Trashed",
    "UserFiles",
    "add",
    "clear_leftovers",
    "empty_trash",
    "open_workspace",
    "preview",
    "rename",
    "restore",
    "throw_away",
    "trashed",
    "update",
    "user_files",
]

_log = logging.getLogger(__name__)


def open_workspace() -> Workspace:
    """Where this person's data sets lie."""
    return Workspace(find_paths().data)


def rename(workspace: Workspace, name: str, new_name: str) -> Manifest:
    """Rename a data set with all that belongs to it, the history of its searches too.

    Raises
    ------
    UnknownError, DataError
        As :func:`engine.workspace.dataset_moves.rename`.
    """
    from engine.search.history import SearchHistory

    manifest = dataset_moves.rename(workspace, name, new_name)
    SearchHistory(find_paths().state, name).rename(new_name)
    return manifest


@dataclass(frozen=True, slots=True)
class UserFiles:
    """Where a person can write what searches in a data set should know besides.

    Attributes
    ----------
    aliases
        The file with further titles of its items; see :mod:`engine.search.lexical.aliases`.
    synonyms
        The file with words that mean the same; see :mod:`engine.search.lexical.synonyms`. It holds for all data sets.
    """

    aliases: Path
    synonyms: Path


def user_files(name: str) -> UserFiles:
    """The files of a data set that a person writes; none of them need exist."""
    from engine.search.lexical import aliases, synonyms

    folder = open_workspace().dataset_folder(name)
    return UserFiles(folder / aliases.FILE_NAME, find_paths().config / synonyms.FILE_NAME)


def clear_leftovers(workspace: Workspace) -> list[Path]:
    """Delete what killed processes left in a workspace, in the state and in the cache; returns what was deleted."""
    paths = find_paths()
    cleared = workspace.clear_leftovers()
    for folder in (paths.config, paths.state, paths.state / "searches", paths.cache, paths.cache / "downloads"):
        for path in clear_parts(folder):
            _log.info("%s: cleared, since the process that wrote it ended before it was complete", path)
            cleared.append(path)
    return cleared
