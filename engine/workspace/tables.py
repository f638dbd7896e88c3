"""Reading the tables of a stored data set, which are checked before anything is made of them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.errors import DamagedError, MissingError
from engine.storage.atomic import checksum
from engine.storage.guarded import require_file
from engine.workspace.manifest import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.dataset import Dataset
    from engine.interactions import Interactions


def require_table(folder: Path, entry: Mapping[str, Any]) -> Path:
    """Compare the file of a table with its checksum; returns its path.

    Raises
    ------
    DamagedError
        If the file is missing, or is not the one that was stored.
    """
    path = folder / str(entry["file"])
    try:
        require_file(path)
    except MissingError:
        raise DamagedError(f"{entry['file']} is missing") from None
    if checksum(path) != entry["sha256"]:
        raise DamagedError(f"{entry['file']} does not have the checksum it was stored with")
    return path


def load_table(folder: Path, entry: Mapping[str, Any]) -> pa.Table:
    """Read a table, and compare it with its checksum and number of rows.

    Raises
    ------
    DamagedError
        If the file is not the one that was stored.
    """
    with open(require_table(folder, entry), "rb") as file:
        return _read(file, entry)


class OpenTable:
    """A table that is read later, as it is now: it stays readable when its file is replaced.

    Parameters
    ----------
    folder, entry
        As of :func:`load_table`.

    Raises
    ------
    DamagedError
        If there is no such file, or it has another number of rows.
    """

    def __init__(self, folder: Path, entry: Mapping[str, Any]) -> None:
        import pyarrow.parquet as pq

        path = folder / str(entry["file"])
        try:
            require_file(path)
        except MissingError:
            raise DamagedError(f"{entry['file']} is missing") from None
        self._entry, self._file = entry, open(path, "rb")  # noqa: SIM115 - read, and closed, with this object
        with _as_damage(entry):
            schema = pq.read_schema(self._file)
        self.columns: list[str] = schema.names

    def read(self) -> pa.Table:
        """Read it all, and compare it with its checksum; raises as :func:`load_table`."""
        self._file.seek(0)
        if hashlib.file_digest(self._file, "sha256").hexdigest() != self._entry["sha256"]:
            raise DamagedError(f"{self._entry['file']} does not have the checksum it was stored with")
        self._file.seek(0)
        return _read(self._file, self._entry)


@contextlib.contextmanager
def _as_damage(entry: Mapping[str, Any]) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowMemoryError:
        raise  # a machine that is too small damages nothing
    except pa.ArrowException as error:
        raise DamagedError(f"{entry['file']} cannot be read as Parquet ({error})") from error


def _read(file: BinaryIO, entry: Mapping[str, Any]) -> pa.Table:
    import pyarrow.parquet as pq

    with _as_damage(entry):
        parquet = pq.ParquetFile(file)
        rows = parquet.metadata.num_rows
        if rows != entry["rows"]:
            raise DamagedError(f"{entry['file']} has {rows} rows instead of {entry['rows']}")
        return parquet.read()


def to_dataset(manifest: Manifest, tables: Mapping[str, pa.Table], interactions: Interactions) -> Dataset:
    """Make the data set of its tables ``"items"`` and ``"users"``, and of its interactions.

    Raises
    ------
    DamagedError, ValueError
        If a table lacks a column, has one of another type, or names users or items that do not exist.
    """
    import numpy as np

    from engine.data.dataset import Dataset
    from engine.data.id_map import IdMap
    from engine.data.items import ItemTable

    overview = manifest.overview
    items, users = tables["items"], tables["users"]
    _require_columns([(items, "item_id", _is_id), (users, "user_id", _is_id)])
    if "updated" in users.column_names:
        _require_columns([(users, "updated", _is_number)])
    item_ids = items.column("item_id").to_numpy()
    return Dataset(
        name=overview.name,
        kind=overview.kind,
        title=overview.title,
        items=ItemTable(IdMap(item_ids, first=1, name="item"), items.drop_columns(["item_id"])),
        users=IdMap(users.column("user_id").to_numpy(), name="user"),
        interactions=interactions,
        skipped=manifest.skipped,
        source=manifest.source,
        simulated=overview.simulated,
        user_updates=None if "updated" not in users.column_names else np.array(users.column("updated").to_numpy()),
    )


def to_interactions(manifest: Manifest, log: pa.Table) -> Interactions:
    """Make the interactions of their table; raises as :func:`to_dataset`."""
    import numpy as np
    from pyarrow import types

    from engine.interactions import Interactions

    wanted: list[tuple[pa.Table, str, Callable[[pa.DataType], bool]]]
    wanted = [(log, name, types.is_integer) for name in ("user", "item")]
    _require_columns(wanted + [(log, name, _is_number) for name in log.column_names if name not in ("user", "item")])
    # Copies, since the arrays of Arrow are read-only, and torch warns about such arrays.
    columns = {name: np.array(log.column(name).to_numpy()) for name in log.column_names}
    return Interactions(
        columns["user"],
        columns["item"],
        ratings=columns.get("ratings"),
        timestamps=columns.get("timestamps"),
        weights=columns.get("weights"),
        num_users=max(1, manifest.overview.num_users),
        num_items=manifest.overview.num_rated_items + 1,
    )


def _is_id(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def _require_columns(wanted: Sequence[tuple[pa.Table, str, Callable[[pa.DataType], bool]]]) -> None:
    for table, name, fits in wanted:
        if name not in table.column_names:
            raise DamagedError(f"a table lacks the column {name}")
        column = table.column(name)
        if not fits(column.type):
            raise DamagedError(f"the column {name} has the type {column.type}")
        if column.null_count:
            raise DamagedError(f"the column {name} has empty values")
