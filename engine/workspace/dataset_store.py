"""The data sets on disk: one folder for each, replaced atomically, checked when read, and without any code.

Replacing the manifest commits a change. Tables are written under new names, then ``manifest.json`` is replaced, then
the tables that no manifest names are deleted, so the folder holds one complete version at every moment. Renaming the
folder commits a removal. Nothing that follows a commit can make it fail or undo it; what an interrupted process leaves
is cleared by :mod:`engine.workspace.leftovers`. One process writes at a time. Readers take no lock; if a data set was
replaced while they read it, they read it again. Embeddings and models are in the same folder and stay when the tables
are replaced.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.results import Overview
from engine.errors import DamagedError, DataError, ErrorKind, RecsysError, UnknownError
from engine.storage.atomic import (
    cannot_write,
    checksum,
    describe_os_error,
    locked,
    make_folder,
    read_json,
    set_aside,
    sync_committed,
    sync_file,
    sync_folder,
    write_json,
)
from engine.storage.versions import current_version, delete
from engine.version import __version__
from engine.workspace.layout import CURRENT, DATASETS, EMBEDDINGS, LOCK, MANIFEST, MODELS
from engine.workspace.leftovers import clear_dataset, clear_leftovers, clear_locked

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.dataset import Dataset

SCHEMA_VERSION = 1
#: The name of the bundled data set, which needs no files.
DEMO = "demo"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SET_ASIDE = re.compile(r".*\.damaged-\d+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a stored data set, without its tables.

    Attributes
    ----------
    overview
        The names and counts.
    skipped
        Reason -> number of rows that the reader left out for it.
    source
        The files that were read, and the notes of the reader.
    fingerprints
        The hashes of the id maps ``"users"`` and ``"items"``. A model can be used only with those on which it was
        trained.
    files
        Table -> its file, checksum and number of rows.
    """

    overview: Overview
    skipped: Mapping[str, int]
    source: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    files: Mapping[str, Mapping[str, Any]]


class Workspace:
    """The data sets in one folder.

    Parameters
    ----------
    folder
        Usually ``find_paths().data``. It is created when something is written first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dataset_folder(self, name: str) -> Path:
        """The folder of a data set of this name, whether it exists or not.

        Raises
        ------
        DataError
            If the name is not allowed.
        """
        if not _NAME.fullmatch(name) or _SET_ASIDE.fullmatch(name):
            raise DataError(
                f"{name!r} cannot be a data set's name: use up to 64 letters, digits, dots, dashes or underscores, "
                "beginning with a letter or a digit.",
                kind=ErrorKind.BAD_DATASET_NAME,
                name=name,
            )
        return self.folder / DATASETS / name

    def embeddings_folder(self, name: str) -> Path:
        """The folder of the vectors of a data set's items."""
        return self.dataset_folder(name) / EMBEDDINGS

    def model_versions(self, name: str, model: str) -> Path:
        """The folder of the versions of a model that was trained on a data set, whether it exists or not."""
        return self.dataset_folder(name) / MODELS / model

    def model_folder(self, name: str, model: str) -> Path:
        """The folder with the files of a trained model as they are now; another training makes another folder.

        Raises
        ------
        DataError
            If the file that names the folder is damaged or cannot be read.
        """
        return current_version(self.model_versions(name, model))

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of the workspace, which one writer at a time may do.

        What killed writers left is cleared first.

        Raises
        ------
        DataError
            If the folder or the lock file cannot be written.
        """
        try:
            make_folder(self.folder)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        with locked(self.folder / LOCK, wait=True):
            clear_locked(self.folder)
            yield

    def clear_leftovers(self) -> list[Path]:
        """Delete what killed processes left; see :func:`engine.workspace.leftovers.clear_leftovers`."""
        return clear_leftovers(self.folder)

    def __contains__(self, name: str) -> bool:
        return (self.dataset_folder(name) / MANIFEST).is_file()

    def names(self) -> list[str]:
        """The names of the stored data sets, sorted."""
        if not (self.folder / DATASETS).is_dir():
            return []
        return sorted(
            folder.name
            for folder in (self.folder / DATASETS).iterdir()
            if _NAME.fullmatch(folder.name) and not _SET_ASIDE.fullmatch(folder.name) and folder.name in self
        )

    def manifest(self, name: str) -> Manifest:
        """Read the description of a data set; this is quick, since no table is read.

        Raises
        ------
        UnknownError
            If there is no data set of this name.
        DataError
            If the folder is damaged; it is then renamed.
        RecsysError
            If a newer version of the program wrote the folder; it is then left unchanged.
        """
        self._require(name)
        folder = self.dataset_folder(name)
        try:
            raw = read_json(folder / MANIFEST)
            schema = raw["schema"]
            if isinstance(schema, int) and schema > SCHEMA_VERSION:
                raise RecsysError(
                    f"The data set {name!r} was stored by a newer recsys-tui ({raw.get('program')}): "
                    "update this one, or add the data set again under another name.",
                    name=name,
                )
            if schema != SCHEMA_VERSION:
                raise ValueError(f"unknown schema {schema!r}")
            return _to_manifest(raw)
        except (DamagedError, KeyError, TypeError, ValueError) as error:
            raise self._damaged(name, str(error)) from error

    def add(self, dataset: Dataset, *, replace: bool = False) -> Manifest:
        """Store a data set completely or not at all.

        Raises
        ------
        DataError
            If the name is already used and ``replace`` is false, or the folder cannot be written. The data set that
            was stored before is then unchanged.
        """
        name = dataset.name
        folder = self.dataset_folder(name)
        with self.exclusive():
            if name in self:
                if not replace:
                    raise self.exists_error(name)
                self.manifest(name)  # a data set of a newer version is refused
            try:
                make_folder(folder)
                files = {table: _store_table(folder, table, rows) for table, rows in _to_tables(dataset).items()}
                sync_folder(folder)
                raw = json.loads(json.dumps(_manifest_of(dataset, files), default=str))
                write_json(folder / MANIFEST, raw)
            except BaseException as error:
                clear_dataset(folder)
                if isinstance(error, OSError):
                    raise cannot_write(folder, error) from error
                raise
            clear_dataset(folder)
        return _to_manifest(raw)

    def open(self, name: str) -> Dataset:
        """Read a whole data set, and compare each table with its checksum.

        Raises
        ------
        UnknownError
            If there is no data set of this name.
        DataError
            If the folder is damaged, and then renamed, or cannot be read.
        RecsysError
            If a newer version of the program wrote the folder.
        """
        folder = self.dataset_folder(name)
        while True:
            manifest = self.manifest(name)
            try:
                tables = {table: _load_table(folder, entry) for table, entry in manifest.files.items()}
                return _to_dataset(manifest, tables)
            except (
                DamagedError,
                FileNotFoundError,
                KeyError,
                ValueError,
            ) as error:  # errors of pyarrow are ValueErrors
                # If another process replaced the data set meanwhile, nothing is damaged.
                if self.manifest(name).files == manifest.files:
                    raise self._damaged(name, str(error)) from error
            except OSError as error:
                raise DataError(
                    f"{folder}: cannot be read ({describe_os_error(error)}).", name=name, file=str(folder)
                ) from error

    def remove(self, name: str) -> None:
        """Delete a data set with its embeddings and models.

        Raises
        ------
        UnknownError
            If there is no data set of this name.
        DataError
            If the folder cannot be removed.
        """
        self._require(name)
        folder = self.dataset_folder(name)
        removed = folder.with_name(f".{name}.{uuid.uuid4().hex[:8]}.removed")
        with self.exclusive():
            self._require(name)
            try:
                os.rename(folder, removed)
            except OSError as error:
                raise DataError(
                    f"{folder}: cannot be removed ({describe_os_error(error)}).", name=name, file=str(folder)
                ) from error
            sync_committed(folder.parent)
            delete(removed)  # what cannot be deleted now is cleared by the next writer

    def current(self) -> str | None:
        """The name of the data set that was used last; None if it no longer exists."""
        try:
            name = read_json(self.folder / CURRENT)["name"]
        except (DataError, KeyError, TypeError):
            return None  # nothing depends on this file, so a missing or damaged one is ignored
        return name if isinstance(name, str) and _NAME.fullmatch(name) and name in self else None

    def make_current(self, name: str) -> None:
        """Remember that this data set was used last; that it cannot be written is no error.

        Raises
        ------
        UnknownError
            If there is no data set of this name.
        """
        self._require(name)
        try:
            write_json(self.folder / CURRENT, {"name": name})
        except DataError as error:
            _log.info("the data set that was used last is not remembered: %s", error)

    def _require(self, name: str) -> None:
        if name not in self:
            known = self.names()
            stored = f"there are {', '.join(known)}" if known else "none is stored yet"
            raise UnknownError(
                f"There is no data set named {name!r} ({stored}).",
                known,
                kind=ErrorKind.UNKNOWN_DATASET,
                name=name,
                choices=known,
            )

    @staticmethod
    def exists_error(name: str) -> DataError:
        """The error for a data set that would have to be replaced."""
        return DataError(f"A data set named {name!r} is already stored.", kind=ErrorKind.DATASET_EXISTS, name=name)

    def _damaged(self, name: str, why: str) -> DataError:
        folder = self.dataset_folder(name)
        with contextlib.suppress(OSError):
            folder = set_aside(folder)
        return DataError(
            f"The data set {name!r} is damaged ({why.rstrip('.')}); it was moved to {folder}: add it again.",
            kind=ErrorKind.DAMAGED_DATASET,
            name=name,
            file=str(folder),
        )


def _to_tables(dataset: Dataset) -> dict[str, pa.Table]:
    import pyarrow as pa

    interactions = dataset.interactions
    columns: dict[str, Any] = {"user": interactions.user_ids, "item": interactions.item_ids}
    for name in ("ratings", "timestamps", "weights"):
        values = getattr(interactions, name)
        if values is not None:
            columns[name] = values
    return {
        "items": dataset.items.table.append_column("item_id", pa.array(dataset.items.id_map.ids)),
        "users": pa.table({"user_id": pa.array(dataset.users.ids)}),
        "interactions": pa.table(columns),
    }


def _store_table(folder: Path, name: str, table: pa.Table) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # The name is new, so that a replacement never changes a table that the current manifest names.
    path = folder / f"{name}-{uuid.uuid4().hex[:12]}.parquet"
    try:
        pq.write_table(table, path, compression="zstd")
    except pa.ArrowException as error:
        raise DataError(f"{path}: cannot be written ({error}).", file=str(path)) from error
    sync_file(path)
    return {"file": path.name, "sha256": checksum(path), "rows": table.num_rows}


def _load_table(folder: Path, entry: Mapping[str, Any]) -> pa.Table:
    import pyarrow.parquet as pq

    path = folder / entry["file"]
    if not path.is_file():
        raise DamagedError(f"{entry['file']} is missing")
    if checksum(path) != entry["sha256"]:
        raise DamagedError(f"{entry['file']} does not have the checksum it was stored with")
    table = pq.read_table(path)
    if table.num_rows != entry["rows"]:
        raise DamagedError(f"{entry['file']} has {table.num_rows} rows instead of {entry['rows']}")
    return table


def _to_dataset(manifest: Manifest, tables: Mapping[str, pa.Table]) -> Dataset:
    import numpy as np

    from engine.data.dataset import Dataset
    from engine.data.id_map import IdMap
    from engine.data.items import ItemTable
    from engine.interactions import Interactions

    overview = manifest.overview
    items, users, log = tables["items"], tables["users"], tables["interactions"]
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


def overview_of(dataset: Dataset) -> Overview:
    """The names and counts of a data set."""
    import numpy as np

    ratings = dataset.rated().ratings
    return Overview(
        name=dataset.name,
        title=dataset.title,
        kind=dataset.kind,
        simulated=dataset.simulated,
        num_users=dataset.num_users,
        num_items=dataset.num_items,
        num_rated_items=dataset.num_rated_items,
        num_interactions=dataset.num_interactions,
        rating_range=(float(np.min(ratings)), float(np.max(ratings))) if ratings is not None and len(ratings) else None,
        has_timestamps=dataset.interactions.timestamps is not None,
    )


def _to_manifest(raw: Mapping[str, Any]) -> Manifest:
    overview = dict(raw["overview"])
    if overview["rating_range"] is not None:
        overview["rating_range"] = tuple(overview["rating_range"])
    return Manifest(Overview(**overview), raw["skipped"], raw["source"], raw["fingerprints"], dict(raw["files"]))


def _manifest_of(dataset: Dataset, files: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA_VERSION,
        "program": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "overview": asdict(overview_of(dataset)),
        "skipped": dict(dataset.skipped),
        "source": dict(dataset.source),
        "fingerprints": {
            "users": dataset.users.fingerprint(),
            "items": dataset.items.id_map.fingerprint(),
        },
        "files": dict(files),
    }
