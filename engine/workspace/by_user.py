"""The interactions of a large data set by user, on disk: who asks for one user reads the rows of that user alone.

The folder ``by_user`` of a data set holds its interactions in the order of a :class:`engine.data.user_index.UserIndex`
as memory-mapped arrays, and what is counted over all of them. It is a cache: it names the table of interactions that
it was made of by its sha256, and is made again where it is missing, stale or damaged. The arrays are compared with
checksums block by block, when a block is first read.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.interaction_stats import InteractionStats
from engine.data.user_index import Column, UserIndex
from engine.errors import DamagedError, DataError
from engine.interactions import Interactions
from engine.storage.arrays import num_bytes, read_header, read_npz
from engine.storage.atomic import write_json
from engine.storage.guarded import convert_file, damaged, read_json, require_checksum, require_file, with_checksum
from engine.storage.versions import current_version, new_version

_VERSION = 1
_INDEX, _STATS = "index.json", "stats.npz"
#: The rows whose checksum is compared at a time: some tenths of a megabyte, which takes less than a millisecond.
_BLOCK = 1 << 15
#: The items that are compared at a time when all interactions of one item are looked for.
_SCANNED = 1 << 20
_COLUMNS: tuple[Column, ...] = ("item_ids", "ratings", "timestamps")
_NUMBERS = ("rating_std", "rating_mean")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Index:
    """The content of ``index.json``.

    Attributes
    ----------
    version
        The version of the format.
    table
        The sha256 of the table of interactions.
    rows, num_users, num_items
        The sizes.
    columns
        The columns that have a file of their own.
    rating_std, rating_mean
        As of :class:`engine.data.interaction_stats.InteractionStats`; None for NaN.
    """

    version: int
    table: str
    rows: int
    num_users: int
    num_items: int
    columns: tuple[str, ...]
    rating_std: float | None
    rating_mean: float | None


class StoredUserIndex(UserIndex):
    """An index by user whose columns are memory-mapped files.

    Parameters
    ----------
    columns
        Column -> its values by user and then from the oldest, ``(n,)``.
    checksums
        Column -> the CRC-32 of each block of it.
    ends
        The place after the last interaction of each user, ``(num_users,)``.
    num_items
        The number of items with the padding.
    remake
        Makes the index again where a block is damaged.
    """

    def __init__(
        self,
        columns: Mapping[str, npt.NDArray[Any]],
        checksums: Mapping[str, npt.NDArray[np.uint32]],
        ends: npt.NDArray[np.int64],
        num_items: int,
        remake: Callable[[], UserIndex],
    ) -> None:
        self._columns, self._checksums, self._num_items, self._remake = columns, checksums, num_items, remake
        self._ends = ends
        self._is_checked = {name: np.zeros(len(values), dtype=bool) for name, values in checksums.items()}
        self._made: UserIndex | None = None
        self._making = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # Another process, or another machine, gets the arrays themselves, and nothing that could make them again.
        columns = {name: np.array(self.sorted_column(name)) for name in _COLUMNS if name in self._columns}
        return {"columns": columns, "checksums": self._checksums, "ends": self._ends, "num_items": self._num_items}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state, remake=_cannot_remake)  # type: ignore[misc]

    def rows(self, user: int) -> npt.NDArray[np.intp]:
        """Not kept on disk: the interactions are in the order of the index here."""
        raise NotImplementedError("a stored index does not know the rows of the table")

    def _take(self, column: Column, places: npt.NDArray[Any] | slice) -> npt.NDArray[Any] | None:
        values = self._columns.get(column)
        if values is None:
            return None
        if self._made is None and not self._is_whole(column, places):
            with self._making:
                if self._made is None:
                    _log.warning("the interactions by user are damaged, and are made again")
                    self._made = self._remake()
        return np.array(values[places]) if self._made is None else self._made._take(column, places)

    def _places_of(self, item: int) -> npt.NDArray[np.int64]:
        found = [
            start + np.flatnonzero(self._items(slice(start, start + _SCANNED)) == item)
            for start in range(0, int(self._ends[-1]) if len(self._ends) else 0, _SCANNED)
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _is_whole(self, column: str, places: npt.NDArray[Any] | slice) -> bool:
        """Compare the blocks that hold these places with their checksums, each once."""
        values, checked = self._columns[column], self._is_checked[column]
        if isinstance(places, slice):
            start, stop, _ = places.indices(len(values))
            blocks = np.arange(start // _BLOCK, -(-stop // _BLOCK) if stop > start else start // _BLOCK)
        else:
            blocks = np.unique(np.asarray(places) // _BLOCK)
        for block in blocks[~checked[blocks]].tolist():
            part = values[block * _BLOCK : (block + 1) * _BLOCK]
            if zlib.crc32(part.data) != self._checksums[column][block]:
                return False
            # A forged file may have the right checksum.
            if column == "item_ids" and len(part) and not (part.min() > 0 and part.max() < self._num_items):
                return False
            checked[block] = True
        return True


def _cannot_remake() -> UserIndex:
    raise DamagedError("The interactions by user were damaged on their way to another process.")


def make(interactions: Interactions) -> tuple[UserIndex, InteractionStats]:
    """Sort and count interactions in memory."""
    return UserIndex(interactions), InteractionStats.of(interactions)


def store(folder: Path, table: str, index: UserIndex, stats: InteractionStats) -> None:
    """Write the interactions by user; the caller holds the lock of the workspace.

    Parameters
    ----------
    folder
        The folder for them.
    table
        The sha256 of the table of interactions.
    index, stats
        What :func:`make` made.

    Raises
    ------
    DataError
        If the folder cannot be written; what was there before is then unchanged.
    """
    arrays = {field.name: getattr(stats, field.name) for field in fields(stats)}
    numbers = {name: arrays.pop(name) for name in _NUMBERS}
    columns = []
    with new_version(folder) as fresh:
        for column in _COLUMNS:
            values = index.sorted_column(column)
            if values is None:
                continue
            values = values.astype(np.int32) if column == "item_ids" else np.ascontiguousarray(values)
            np.save(fresh / f"{column}.npy", values, allow_pickle=False)
            columns.append(column)
            blocks = range(0, len(values), _BLOCK)
            crcs = [zlib.crc32(values[start : start + _BLOCK].data) for start in blocks]
            arrays[f"crc_{column}"] = np.array(crcs, dtype=np.uint32)
        np.savez(fresh / _STATS, **{name: one for name, one in arrays.items() if one is not None})
        known = {name: None if np.isnan(number) else number for name, number in numbers.items()}
        rows, users, items = int(stats.user_counts.sum()), len(stats.user_counts), len(stats.item_counts)
        content = _Index(_VERSION, table, rows, users, items, tuple(columns), **known)
        write_json(fresh / _INDEX, with_checksum(asdict(content)))


def is_current(folder: Path, table: str) -> bool:
    """Whether the folder holds the interactions by user of this table; reads none of them."""
    try:
        return _read_index(current_version(folder)).table == table
    except DataError:
        return False


def load(folder: Path, table: str, remake: Callable[[], UserIndex]) -> tuple[StoredUserIndex, InteractionStats] | None:
    """Open the interactions by user; None if there are none of this table.

    Parameters
    ----------
    folder, table
        As of :func:`store`.
    remake
        Makes the index again, and stores it, if a block turns out to be damaged.

    Raises
    ------
    DamagedError
        If they are damaged.
    DataError
        If they cannot be read.
    """
    version = current_version(folder)
    if version == folder or not version.is_dir():
        return None
    known = _read_index(version)
    if known.table != table or known.version != _VERSION:
        return None
    arrays = read_npz(version / _STATS)
    sizes = {"user_counts": known.num_users, "item_counts": known.num_items, "item_rated": known.num_items}
    if any(name not in arrays or arrays[name].shape != (size,) for name, size in sizes.items()):
        raise damaged(version / _STATS, "it is of other interactions")
    ends = np.cumsum(arrays["user_counts"])
    if known.rows != (int(ends[-1]) if len(ends) else 0) or (arrays["user_counts"] < 0).any():
        raise damaged(version / _STATS, "its counts do not add up")
    columns = {name: _mapped(version / f"{name}.npy", known.rows) for name in known.columns}
    found: dict[str, Any] = {field.name: arrays.get(field.name) for field in fields(InteractionStats)}
    found |= {name: np.nan if getattr(known, name) is None else getattr(known, name) for name in _NUMBERS}
    try:
        checksums = {name: arrays[f"crc_{name}"] for name in known.columns}
    except KeyError:
        raise damaged(version / _STATS, "it lacks checksums") from None
    if any(one.shape != (-(-known.rows // _BLOCK),) for one in checksums.values()):
        raise damaged(version / _STATS, "it has checksums of other blocks")
    return StoredUserIndex(columns, checksums, ends, known.num_items, remake), InteractionStats(**found)


def _read_index(version: Path) -> _Index:
    path = version / _INDEX
    raw = read_json(path, dict[str, Any])
    if not require_checksum(path, raw):
        raise damaged(path, "it has no checksum")
    return convert_file(path, raw, _Index)


def _mapped(path: Path, rows: int) -> npt.NDArray[Any]:
    size = require_file(path)
    try:
        with open(path, "rb") as file:
            shape, dtype = read_header(file)
            if shape != (rows,) or dtype.kind not in "iuf" or num_bytes(shape, dtype) != size - file.tell():
                raise ValueError("it has another size than its header says")
            return np.memmap(file, dtype, mode="r", offset=file.tell(), shape=shape) if rows else np.empty(0, dtype)
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path}: is damaged, since {error}.", file=str(path)) from error
