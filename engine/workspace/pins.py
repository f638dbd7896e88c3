"""The file with the pinned and hidden items of a data set."""

from __future__ import annotations

from pathlib import Path

from engine.data.pins import Pins
from engine.errors import MissingError
from engine.storage.atomic import write_json
from engine.storage.guarded import read_json
from engine.workspace.layout import PINS


def read_pins(folder: Path) -> Pins:
    """The pinned and hidden items of the data set in a folder; none if nothing was marked.

    Raises
    ------
    DamagedError, DataError
        If the file is damaged, or cannot be read.
    """
    try:
        stored = read_json(folder / PINS, dict[str, list[int | str]])
    except MissingError:
        return Pins()
    return Pins(tuple(stored.get("pinned", ())), tuple(stored.get("hidden", ())))


def write_pins(folder: Path, pins: Pins) -> None:
    """Store the pinned and hidden items. The caller holds the lock of the workspace.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    write_json(folder / PINS, {"pinned": list(pins.pinned), "hidden": list(pins.hidden)})


def stamp_of(folder: Path) -> tuple[int, int, int]:
    """What differs once the file was written anew."""
    try:
        status = (folder / PINS).stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
