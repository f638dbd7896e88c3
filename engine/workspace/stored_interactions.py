"""The interactions of a stored data set: those of a large one are read when something first needs all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DamagedError, DataError, RecsysError
from engine.runtime.memory import require_free
from engine.storage.versions import delete
from engine.workspace.layout import BY_USER
from engine.workspace.manifest import Manifest
from engine.workspace.tables import OpenTable, load_table, to_interactions

if TYPE_CHECKING:
    from engine.data.interaction_stats import InteractionStats
    from engine.data.user_index import UserIndex
    from engine.interactions import Interactions

#: From so many interactions on, a data set is opened without reading them, and they are kept by user, too. Fewer are
#: read in a few hundredths of a second.
LARGE = 500_000
#: The bytes an interaction while they are read: user, item, rating and time, in the table and as arrays.
_BYTES_AN_INTERACTION = 40
_log = logging.getLogger(__name__)


def is_large(manifest: Manifest) -> bool:
    """Whether the interactions of a data set are read only where all of them are needed."""
    return manifest.overview.num_interactions >= LARGE


def open_interactions(folder: Path, manifest: Manifest, damaged: Callable[[str], DataError]) -> Interactions:
    """The interactions of a data set; those of a large one are read, and checked, at the first use of a column.

    Parameters
    ----------
    folder
        The folder of the data set.
    manifest
        Its description.
    damaged
        Makes the error for a table that turns out to be damaged when it is read later.

    Raises
    ------
    DamagedError, ValueError
        As :func:`engine.workspace.tables.load_table` and :func:`engine.workspace.tables.to_interactions`.
    RecsysError
        If the interactions need more memory than is free.
    """
    from engine.data.later_interactions import LaterInteractions

    overview, entry = manifest.overview, manifest.files["interactions"]

    def require_room() -> None:
        require_free(_BYTES_AN_INTERACTION * overview.num_interactions, f"Opening the data set {overview.name!r}")

    if not is_large(manifest):
        require_room()
        return to_interactions(manifest, load_table(folder, entry))
    table = OpenTable(folder, entry)

    def read() -> Interactions:
        require_room()
        try:
            return to_interactions(manifest, table.read())
        except (DamagedError, KeyError, ValueError) as error:  # errors of pyarrow are ValueErrors
            raise damaged(str(error)) from error

    sizes = max(1, overview.num_users), overview.num_rated_items + 1
    return LaterInteractions(read, overview.num_interactions, *sizes, table.columns)


def store_by_user(folder: Path, manifest: Manifest, interactions: Interactions) -> None:
    """Store the interactions of a large data set by user; that they cannot be stored is no error.

    The caller holds the lock of the workspace.

    Parameters
    ----------
    folder, manifest
        The folder of the data set, and its description.
    interactions
        Its interactions.
    """
    from engine.workspace import by_user

    place = folder / BY_USER
    try:
        if is_large(manifest):
            by_user.store(place, _table(manifest), *by_user.make(interactions))
        elif place.exists():
            delete(place)
    except (DataError, MemoryError) as error:
        _log.info("%s: made when it is first needed (%s)", place, error)


def open_by_user(
    folder: Path,
    manifest: Manifest,
    interactions: Callable[[], Interactions],
    locked: Callable[[], AbstractContextManager[None]],
) -> tuple[UserIndex, InteractionStats]:
    """Open the interactions of a data set by user, and what is counted over all of them.

    Those of a large data set are read from files that were written with it, or are made now and kept.

    Parameters
    ----------
    folder, manifest
        The folder of the data set, and its description.
    interactions
        Gives all interactions, if they are needed.
    locked
        Holds the lock of the workspace, or raises an error if the data set is another one by now.
    """
    from engine.workspace import by_user

    if not is_large(manifest):
        return by_user.make(interactions())
    place = folder / BY_USER

    def make() -> tuple[UserIndex, InteractionStats]:
        made = by_user.make(interactions())
        try:
            with locked():
                by_user.store(place, _table(manifest), *made)
        except RecsysError as error:
            _log.info("%s: not kept (%s)", place, error)
        return made

    try:
        found = by_user.load(place, _table(manifest), lambda: make()[0])
    except DataError as error:
        _log.warning("the interactions by user are made again: %s", error)
        found = None
    return found or make()


def _table(manifest: Manifest) -> str:
    return str(manifest.files["interactions"]["sha256"])
