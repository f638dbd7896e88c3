"""Left-overs of processes that ended in the middle of a change: they are told from what is used, and deleted.

Nothing here is needed for correctness: what a manifest or a pointer names is whole without it. It gives back the room
on the disk. What a living process is writing is left alone: it holds the lock of the workspace, of the embeddings, or
of the unfinished file.
"""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

from engine.errors import DataError
from engine.storage.guarded import read_json
from engine.storage.lock import locked
from engine.storage.model_header import clear_unnamed
from engine.storage.part_file import clear_parts
from engine.storage.versions import clear_old_versions, delete
from engine.workspace.layout import (
    BY_USER,
    DATASETS,
    DEFAULTS,
    EMBEDDINGS,
    LOCK,
    MANIFEST,
    MAP,
    MODELS,
    PINS,
    PROFILE,
    PROFILES,
    REMOVED,
    RUNS,
    TABLE_FILE,
    TRAINING,
    TUNING,
    WORDS,
)
from engine.workspace.run_files import clear_runs
from engine.workspace.trash import empty

#: The folders that earlier versions left when they were killed while they replaced a model: the new and the old one.
_EXCHANGED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.(?P<end>part|old)")
_NEW_EMBEDDINGS = re.compile(r"\.(?P<name>.+)\.new")
#: Seconds after which such a folder is abandoned: earlier versions took no lock for it.
_PATIENCE = 600.0
_log = logging.getLogger(__name__)


def clear_leftovers(folder: Path) -> list[Path]:
    """Delete what killed processes left in a workspace, and complete what they began to remove.

    Nothing happens if another process is writing, or the workspace cannot be written.

    Parameters
    ----------
    folder
        The folder of the workspace.

    Returns
    -------
    list of Path
        What was deleted or, for a model that a killed process was about to replace, taken back.
    """
    if not (folder / DATASETS).is_dir():
        return clear_parts(folder) + clear_parts(folder / PROFILES)
    try:
        with locked(folder / LOCK, wait=False) as is_held:
            return clear_locked(folder) if is_held else []
    except DataError:
        return []


def clear_locked(folder: Path) -> list[Path]:
    """Like :func:`clear_leftovers`, for a caller that holds the lock of the workspace."""
    cleared = clear_parts(folder) + clear_parts(folder / PROFILES)
    try:
        for path in _entries(folder / DATASETS):
            if REMOVED.fullmatch(path.name):
                cleared += delete(path)
            elif path.is_dir() and not path.name.startswith("."):
                cleared += clear_dataset(path)
    except OSError as error:
        _log.info("%s: left-overs were not cleared (%s)", folder, error)
    for path in empty(folder):
        _log.info("%s: deleted, since it has been in the trash for long", path)
    for path in cleared:
        _log.info("%s: cleared, since the process that wrote it ended before it was complete", path)
    return cleared


def clear_dataset(folder: Path) -> list[Path]:
    """Delete what the manifest of one data set does not name, for a caller that holds the lock of the workspace."""
    try:
        return _clear_dataset(folder)
    except (DataError, OSError) as error:
        _log.info("%s: left-overs were not cleared (%s)", folder, error)
        return []


def _clear_dataset(folder: Path) -> list[Path]:
    named = _named_tables(folder)
    if named is None:
        return []
    tables = [path for path in _entries(folder) if TABLE_FILE.fullmatch(path.name) and path.name not in named]
    cleared = [one for path in tables for one in delete(path)] + clear_parts(folder)
    if not named:
        folders = (DEFAULTS, EMBEDDINGS, MODELS, PINS, RUNS, TRAINING, TUNING, WORDS, MAP, PROFILE, BY_USER)
        rest = [folder / name for name in folders]
        cleared += [one for path in rest if path.exists() for one in delete(path)]
        if not _entries(folder):
            cleared += delete(folder)
        return cleared
    if (folder / BY_USER).is_dir():
        cleared += clear_old_versions(folder / BY_USER)
    for path in _entries(folder / TRAINING):
        if path.is_dir() and ".damaged-" not in path.name:
            cleared += clear_unnamed(path)
    return cleared + _clear_models(folder / MODELS) + _clear_embeddings(folder / EMBEDDINGS) + clear_runs(folder / RUNS)


def _named_tables(folder: Path) -> set[str] | None:
    """The tables that the manifest names, none without a manifest, and None if that cannot be told."""
    try:
        (folder / MANIFEST).lstat()
    except FileNotFoundError:
        return set()
    except OSError:
        return None
    try:
        files = read_json(folder / MANIFEST)["files"]
        return {entry["file"] for entry in files.values()} or None
    except (DataError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # damaged, or of another version: whoever opens the data set says so


def _clear_models(folder: Path) -> list[Path]:
    cleared = []
    for path in _entries(folder):
        if (match := _EXCHANGED.fullmatch(path.name)) and path.is_dir():
            if time.time() - path.stat().st_ctime < _PATIENCE:
                continue
            model = folder / match["name"]
            if match["end"] == "old" and not model.exists():
                path.rename(model)
                cleared.append(path)
            else:
                cleared += delete(path)
    for path in _entries(folder):
        if path.is_dir() and not path.name.startswith("."):
            cleared += clear_old_versions(path)
    return cleared


def _clear_embeddings(folder: Path) -> list[Path]:
    cleared = clear_parts(folder)
    for path in _entries(folder):
        if match := _NEW_EMBEDDINGS.fullmatch(path.name):
            with locked(folder / f".{match['name']}.lock", wait=False) as is_held:
                if is_held:
                    cleared += delete(path)
    return cleared


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
