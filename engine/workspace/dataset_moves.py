"""Renaming stored data sets, removing them, and putting them back."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.errors import UnknownError
from engine.storage.atomic import cannot_write
from engine.storage.guarded import read_json
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import MANIFEST
from engine.workspace.manifest import Manifest, to_manifest
from engine.workspace.renaming import rename_folder
from engine.workspace.training_lock import no_training
from engine.workspace.trash import Trashed, empty, move_to_trash, put_back, trashed


def rename(workspace: Workspace, name: str, new_name: str) -> Manifest:
    """Give a data set another name; its embeddings, models and searches for options go with it.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    DataError
        If the new name is not allowed or in use, or the folder cannot be written.
    BusyError
        If a model is being trained on it, which could not be stored then.
    """
    workspace.manifest(name)
    folder, target = workspace.dataset_folder(name), workspace.dataset_folder(new_name)
    was_current = workspace.current() == name
    with workspace.exclusive(f"renaming {name}"), no_training(workspace, name):
        workspace.require(name)
        if os.path.lexists(target):
            raise workspace.exists_error(new_name, replaceable=False)
        raw = rename_folder(folder, target)
    if was_current:
        workspace.make_current(new_name)
    return to_manifest(target / MANIFEST, new_name, raw)


def throw_away(workspace: Workspace, name: str) -> Trashed:
    """Move a data set with its embeddings and models to the trash; :meth:`Workspace.remove` deletes it at once instead.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    DataError
        If the folder cannot be moved; it is then still stored.
    """
    workspace.require(name)
    folder = workspace.dataset_folder(name)
    with workspace.exclusive(f"removing {name}"):
        workspace.require(name)
        try:
            return move_to_trash(folder)
        except OSError as error:
            raise cannot_write(folder, error) from error


def restore(workspace: Workspace, name: str, new_name: str | None = None) -> Manifest:
    """Put the data set back that was removed last under this name.

    Parameters
    ----------
    workspace
        The data sets.
    name
        The name that it had.
    new_name
        The name that it is to have; None for the same.

    Raises
    ------
    UnknownError
        If there is none in the trash.
    DataError
        If the name is in use, or the folder cannot be written.
    """
    folder = workspace.dataset_folder(new_name or name)
    with workspace.exclusive(f"restoring {name}"):
        entries = trashed(workspace.folder)
        entry = next((one for one in entries if one.name == name), None)
        if entry is None:
            known = sorted({one.name for one in entries})
            there = f"there are {', '.join(known)}" if known else "the trash is empty"
            raise UnknownError(f"No data set named {name!r} was removed lately ({there}).", known, name=name)
        if os.path.lexists(folder):
            raise workspace.exists_error(folder.name, replaceable=False)
        raw = read_json(entry.folder / MANIFEST, dict[str, Any])
        try:
            if folder.name == name:
                put_back(entry, folder)
            else:
                raw = rename_folder(entry.folder, folder)
        except OSError as error:
            raise cannot_write(folder, error) from error
    return to_manifest(folder / MANIFEST, folder.name, raw)


def empty_trash(workspace: Workspace) -> list[Path]:
    """Delete all removed data sets for good; returns their folders."""
    with workspace.exclusive("emptying the trash"):
        return empty(workspace.folder, timedelta(0))
