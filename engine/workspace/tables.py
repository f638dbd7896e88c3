"""Reading the tables of a stored data set, which are checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import DamagedError, MissingError
from engine.storage.atomic import checksum
from engine.storage.guarded import require_file
from engine.workspace.manifest import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.dataset import Dataset


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
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = require_table(folder, entry)
    try:
        with pq.ParquetFile(path) as file:
            rows = file.metadata.num_rows
            if rows != entry["rows"]:
                raise DamagedError(f"{entry['file']} has {rows} rows instead of {entry['rows']}")
            table = file.read()
    except pa.ArrowMemoryError:
        raise  # a machine that is too small damages nothing
    except pa.ArrowException as error:
        raise DamagedError(f"{entry['file']} cannot be read as Parquet ({error})") from error
    return table


def to_dataset(manifest: Manifest, tables: Mapping[str, pa.Table]) -> Dataset:
    """Make the data set of its tables.

    Raises
    ------
    DamagedError, ValueError
        If a table lacks a column, has one of another type, or names users or items that do not exist.
    """
    import numpy as np

    from engine.data.dataset import Dataset
    from engine.data.id_map import IdMap
    from engine.data.items import ItemTable
    from engine.interactions import Interactions

    overview = manifest.overview
    items, users, log = tables["items"], tables["users"], tables["interactions"]
    _require_columns(items, users, log)
    item_ids = items.column("item_id").to_numpy()
    # Copies, since the arrays of Arrow are read-only, and torch warns about such arrays.
    columns = {name: np.array(log.column(name).to_numpy()) for name in log.column_names}
    return Dataset(
        name=overview.name,
        kind=overview.kind,
        title=overview.title,
        items=ItemTable(IdMap(item_ids, first=1, name="item"), items.drop_columns(["item_id"])),
        users=IdMap(users.column("user_id").to_numpy(), name="user"),
        interactions=Interactions(
            columns["user"],
            columns["item"],
            ratings=columns.get("ratings"),
            timestamps=columns.get("timestamps"),
            weights=columns.get("weights"),
            num_users=max(1, overview.num_users),
            num_items=overview.num_rated_items + 1,
        ),
        skipped=manifest.skipped,
        source=manifest.source,
        simulated=overview.simulated,
    )


def _require_columns(items: pa.Table, users: pa.Table, log: pa.Table) -> None:
    from pyarrow import types

    def is_id(kind: pa.DataType) -> bool:
        return bool(types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind))

    def is_number(kind: pa.DataType) -> bool:
        return bool(types.is_integer(kind) or types.is_floating(kind))

    wanted = [(items, "item_id", is_id), (users, "user_id", is_id)]
    wanted += [(log, name, types.is_integer) for name in ("user", "item")]
    wanted += [(log, name, is_number) for name in log.column_names if name not in ("user", "item")]
    for table, name, fits in wanted:
        if name not in table.column_names:
            raise DamagedError(f"a table lacks the column {name}")
        column = table.column(name)
        if not fits(column.type):
            raise DamagedError(f"the column {name} has the type {column.type}")
        if column.null_count:
            raise DamagedError(f"the column {name} has empty values")
