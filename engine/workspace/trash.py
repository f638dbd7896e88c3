"""The trash: removed data sets, which can be put back for thirty days.

A removed data set is a folder ``.NAME.TIME.trash`` beside the stored ones, whole as it was, with its embeddings and
models. Renaming that folder commits a removal as well as an undoing, so a data set is at every moment either stored or
in the trash; it stays in the same parent folder, since no file system promises that of a move between two.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.storage.atomic import sync_committed
from engine.storage.versions import delete
from engine.workspace.layout import DATASETS

#: How long a removed data set is kept.
KEPT_FOR = timedelta(days=30)
_ENTRY = re.compile(r"\.(?P<name>.+)\.(?P<time>\d{8}T\d{12}Z)\.trash")
_TIME = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Trashed:
    """A data set in the trash.

    Attributes
    ----------
    name
        The name that it had.
    removed
        When it was removed, in UTC.
    folder
        Where it is.
    """

    name: str
    removed: datetime
    folder: Path

    @property
    def kept_until(self) -> datetime:
        """When it will be deleted."""
        return self.removed + KEPT_FOR


def trashed(workspace: Path) -> list[Trashed]:
    """What is in the trash of a workspace's folder, the latest removal first."""
    folder = workspace / DATASETS
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if match := _ENTRY.fullmatch(path.name):
            try:
                removed = datetime.strptime(match["time"], _TIME).replace(tzinfo=UTC)
            except ValueError:  # a folder that a person named so
                continue
            found.append(Trashed(match["name"], removed, path))
    return sorted(found, key=lambda one: one.removed, reverse=True)


def move_to_trash(folder: Path) -> Trashed:
    """Move the folder of a data set to the trash, for a caller that holds the lock of the workspace.

    Raises
    ------
    OSError
        If it cannot be moved; it is then still stored.
    """
    now = datetime.now(UTC)
    target = folder.with_name(f".{folder.name}.{now.strftime(_TIME)}.trash")
    os.rename(folder, target)
    sync_committed(folder.parent)
    return Trashed(folder.name, now, target)


def put_back(entry: Trashed, folder: Path) -> None:
    """Move a data set out of the trash, for a caller that holds the lock of the workspace.

    Raises
    ------
    OSError
        If it cannot be moved; it is then still in the trash.
    """
    os.rename(entry.folder, folder)
    sync_committed(folder.parent)


def empty(workspace: Path, older_than: timedelta = KEPT_FOR) -> list[Path]:
    """Delete what was removed longer ago than this; returns what was deleted. The caller holds the lock."""
    limit = datetime.now(UTC) - older_than
    return [path for one in trashed(workspace) if one.removed <= limit for path in delete(one.folder)]
