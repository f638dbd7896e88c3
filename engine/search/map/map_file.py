"""The file in which the map of a catalogue is kept; one that cannot be used is made again."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError, MissingError
from engine.search.map.item_map import ItemMap
from engine.search.map.regions import MapRegion
from engine.storage.arrays import read_npz
from engine.storage.atomic import writing
from engine.storage.guarded import damaged

logger = logging.getLogger(__name__)

#: The version of the file's content and of how maps are made. Increase it with every change of either.
_VERSION = 1
_LONGEST_NAME = 200


def read_map(path: Path, source: str | None = None, num_items: int | None = None) -> ItemMap:
    """Read a map.

    Parameters
    ----------
    path
        The file.
    source
        What the map must have been made of, as :func:`write_map` was told; None for anything.
    num_items
        The number of items of the catalogue; None where it is unknown.

    Raises
    ------
    MissingError
        If there is no file, or it is the map of something else.
    DamagedError
        If it is no map.
    DataError
        If it cannot be read.
    """
    state = read_npz(path)
    if source is not None and not np.array_equal(state.get("key", ()), _key(source)):
        raise MissingError(f"{path}: is the map of an earlier state of the catalogue.", file=str(path))
    try:
        return _restore(state, num_items)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise damaged(path, "it holds no map") from error


def write_map(path: Path, source: str, one: ItemMap) -> None:
    """Keep a map. That it cannot be written is no error, since it can be made again.

    Parameters
    ----------
    path
        The file.
    source
        A text that identifies the catalogue, its vectors and what is left out.
    one
        The map.
    """
    if not path.parent.is_dir():
        return  # the data set was removed meanwhile
    regions = json.dumps([astuple(region) for region in one.regions]).encode()
    state: dict[str, Any] = {
        "key": _key(source),
        "items": one.items,
        "points": one.points,
        "regions": np.frombuffer(regions, dtype=np.uint8),
        "about": np.array([one.num_missing, int(one.refined)], dtype=np.int64),
    }
    with suppress(DataError), writing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **state)


def stored_map(path: Path, source: str, num_items: int) -> ItemMap | None:
    """The map in a file; None if there is none that can be used, with a line in the log if it is damaged."""
    try:
        return read_map(path, source, num_items)
    except MissingError:
        return None
    except DataError as error:
        logger.warning("The map is made again, since its file cannot be used: %s", error)
        return None


def _key(source: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(f"{_VERSION} {source}".encode(), dtype=np.uint8)


def _restore(state: dict[str, npt.NDArray[Any]], num_items: int | None) -> ItemMap:
    items, points, about = state["items"], state["points"], state["about"].tolist()
    if items.dtype != np.int64 or points.dtype != np.float32 or items.ndim != 1 or points.shape != (len(items), 2):
        raise ValueError("arrays of other shapes")
    last = np.iinfo(np.int64).max if num_items is None else num_items
    if not len(items) or items.min() < 1 or items.max() > last or len(np.unique(items)) != len(items):
        raise ValueError("items that do not exist")
    if not np.isfinite(points).all() or float(np.abs(points).max()) > 1.001:
        raise ValueError("points outside the map")
    regions = []
    for name, x, y, size, scale in json.loads(state["regions"].tobytes().decode()):
        if (
            not isinstance(name, str)
            or not name
            or len(name) > _LONGEST_NAME
            or not (abs(x) <= 1.001 and abs(y) <= 1.001)
        ):
            raise ValueError("regions outside the map")
        regions.append(MapRegion(name, float(x), float(y), int(size), int(scale)))
    return ItemMap(items, points, tuple(regions), max(0, int(about[0])), bool(about[1]))
