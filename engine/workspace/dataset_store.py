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
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.results import Overview
from engine.errors import DamagedError, DataError, ErrorKind, UnknownError
from engine.runtime.job import Job
from engine.storage.atomic import (
    cannot_write,
    checksum,
    describe_os_error,
    make_folder,
    set_aside,
    sync_committed,
    sync_file,
    sync_folder,
    write_json,
)
from engine.storage.guarded import read_json, with_checksum
from engine.storage.lock import LONG_WAIT, SHORT_WAIT, locked, report_wait
from engine.storage.versions import current_version, delete
from engine.version import __version__
from engine.workspace.layout import CURRENT, DATASETS, EMBEDDINGS, LOCK, MANIFEST, MAP, MODELS
from engine.workspace.leftovers import clear_dataset, clear_leftovers, clear_locked
from engine.workspace.manifest import SCHEMA_VERSION, Manifest, read_manifest, to_manifest
from engine.workspace.stored_interactions import open_by_user, open_interactions, store_by_user
from engine.workspace.tables import load_table, to_dataset

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.data.dataset import Dataset
    from engine.data.interaction_stats import InteractionStats
    from engine.data.updates import DatasetUpdate
    from engine.data.user_index import UserIndex
    from engine.interactions import Interactions

#: The name of the bundled data set, which needs no files.
DEMO = "demo"
#: The seconds that a cache waits for the lock: whoever asked waits for an answer, which does not depend on it.
_CACHE_WAIT = 1.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SET_ASIDE = re.compile(r".*\.damaged-\d+")
_log = logging.getLogger(__name__)


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

    def map_file(self, name: str) -> Path:
        """The file of the map that was made of a data set's embeddings, whether it exists or not."""
        return self.dataset_folder(name) / MAP

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
    def exclusive(self, purpose: str = "", timeout: float = SHORT_WAIT, job: Job | None = None) -> Iterator[None]:
        """Hold the lock of the workspace, which one writer at a time may do.

        What killed writers left is cleared first. See :func:`engine.storage.lock.locked` for ``purpose`` and
        ``timeout``; ``job`` reports for whom it waits, and may cancel the waiting.

        Raises
        ------
        DataError
            If the folder or the lock file cannot be written.
        """
        try:
            make_folder(self.folder)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        on_wait = None if job is None else report_wait(job)
        with locked(self.folder / LOCK, purpose=purpose, timeout=timeout, on_wait=on_wait):
            clear_locked(self.folder)
            yield

    def clear_leftovers(self) -> list[Path]:
        """Delete what killed processes left; see :func:`engine.workspace.leftovers.clear_leftovers`."""
        return clear_leftovers(self.folder)

    def __contains__(self, name: str) -> bool:
        # Whatever is in the place of the manifest: a damaged set is named, and not forgotten.
        try:
            os.lstat(self.dataset_folder(name) / MANIFEST)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except OSError:  # it may not be looked at: it is named, and what needs it says why it cannot be read
            return True
        return True

    def names(self) -> list[str]:
        """The names of the stored data sets, sorted."""
        if not (self.folder / DATASETS).is_dir():
            return []
        return sorted(
            folder.name
            for folder in (self.folder / DATASETS).iterdir()
            if _NAME.fullmatch(folder.name) and not _SET_ASIDE.fullmatch(folder.name) and folder.name in self
        )

    def set_aside(self) -> list[Path]:
        """The folders of damaged data sets that were moved aside, sorted."""
        if not (self.folder / DATASETS).is_dir():
            return []
        return sorted(one for one in (self.folder / DATASETS).iterdir() if _SET_ASIDE.fullmatch(one.name))

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
        self.require(name)
        folder = self.dataset_folder(name)
        try:
            return read_manifest(folder, name)
        except DamagedError as error:
            raise self._damaged(name, str(error)) from error

    def add(
        self,
        dataset: Dataset,
        *,
        replace: bool = False,
        job: Job | None = None,
        updates: Sequence[DatasetUpdate] = (),
        before: Manifest | None = None,
    ) -> Manifest:
        """Store a data set completely or not at all.

        Another process that stores or removes one is waited for; ``job`` reports it and may cancel the waiting.
        ``updates`` are those that led to the data set from the one that was added first, and ``before`` describes the
        one that it was made of, whose place it may take and no other's.

        Raises
        ------
        DataError
            If the name is already used and ``replace`` is false, or the folder cannot be written. The data set that
            was stored before is then unchanged.
        """
        name = dataset.name
        folder = self.dataset_folder(name)
        with self.exclusive(f"storing {name}", LONG_WAIT, job):
            if name in self:
                if not replace:
                    raise self.exists_error(name)
                stored = self.manifest(name)  # a data set of a newer version is refused
                if before is not None and stored.files != before.files:
                    raise DataError(f"The data set {name!r} was changed meanwhile: update it again.", name=name)
            elif before is not None:
                raise DataError(f"The data set {name!r} was removed meanwhile: nothing was stored.", name=name)
            try:
                make_folder(folder)
                files = {table: _store_table(folder, table, rows) for table, rows in _to_tables(dataset).items()}
                sync_folder(folder)
                raw = _manifest_of(dataset, files, updates)
                write_json(folder / MANIFEST, raw)
            except BaseException as error:
                clear_dataset(folder)
                if isinstance(error, OSError):
                    raise cannot_write(folder, error) from error
                raise
            clear_dataset(folder)
            manifest = to_manifest(folder / MANIFEST, name, raw)
            store_by_user(folder, manifest, dataset.interactions)
        return manifest

    def open(self, name: str) -> Dataset:
        """Read a whole data set, and compare each table with its checksum.

        Raises
        ------
        UnknownError
            If there is no data set of this name.
        DataError
            If the folder is damaged, and then renamed, or cannot be read.
        RecsysError
            If a newer version of the program wrote the folder, or the interactions need more memory than is free.

        Notes
        -----
        The interactions of a large data set are read at the first use of one of their columns, which raises the same.
        """
        folder = self.dataset_folder(name)
        while True:
            manifest = self.manifest(name)
            try:
                tables = {table: load_table(folder, manifest.files[table]) for table in ("items", "users")}
                log = open_interactions(folder, manifest, partial(self._damaged_later, manifest))
                return to_dataset(manifest, tables, log)
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

    def open_by_user(
        self, manifest: Manifest, interactions: Callable[[], Interactions]
    ) -> tuple[UserIndex, InteractionStats]:
        """Open the interactions by user; see :func:`engine.workspace.stored_interactions.open_by_user`."""
        name = manifest.overview.name

        @contextlib.contextmanager
        def unchanged() -> Iterator[None]:
            with self.exclusive(f"sorting {name} by user", _CACHE_WAIT):
                if self.manifest(name).files != manifest.files:
                    raise DataError(f"The data set {name!r} was replaced meanwhile.", name=name)
                yield

        return open_by_user(self.dataset_folder(name), manifest, interactions, unchanged)

    def remove(self, name: str) -> None:
        """Delete a data set with its embeddings and models.

        Raises
        ------
        UnknownError
            If there is no data set of this name.
        DataError
            If the folder cannot be removed.
        """
        self.require(name)
        folder = self.dataset_folder(name)
        removed = folder.with_name(f".{name}.{uuid.uuid4().hex[:8]}.removed")
        with self.exclusive(f"removing {name}"):
            self.require(name)
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
        self.require(name)
        try:
            write_json(self.folder / CURRENT, {"name": name})
        except DataError as error:
            _log.info("the data set that was used last is not remembered: %s", error)

    def require(self, name: str) -> None:
        """Check that there is a data set of this name.

        Raises
        ------
        UnknownError
            If there is none.
        """
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
    def exists_error(name: str, *, replaceable: bool = True) -> DataError:
        """The error for a data set whose name is used already.

        Parameters
        ----------
        name
            The name.
        replaceable
            Whether what was asked for could replace it.
        """
        kind = ErrorKind.DATASET_EXISTS if replaceable else ErrorKind.NAME_TAKEN
        return DataError(f"A data set named {name!r} is already stored.", kind=kind, name=name)

    def _damaged_later(self, manifest: Manifest, why: str) -> DataError:
        """The error for a table that was whole when the data set was opened; only that data set is set aside."""
        name = manifest.overview.name
        if name in self and self.manifest(name).files == manifest.files:
            return self._damaged(name, why)
        return DataError(
            f"The interactions of {name!r} as it was opened are damaged ({why.rstrip('.')}); the data set was replaced "
            "or removed meanwhile: open it again.",
            name=name,
        )

    def _damaged(self, name: str, why: str) -> DataError:
        folder = self.dataset_folder(name)
        reason = why.removeprefix(f"{folder}{os.sep}").rstrip(".")  # the path is named once, and as it is now
        with contextlib.suppress(OSError):
            folder = set_aside(folder)
        return DataError(
            f"The data set {name!r} is damaged ({reason}); it was moved to {folder}: add it again.",
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
    users = {"user_id": pa.array(dataset.users.ids)}
    if dataset.user_updates is not None:
        users["updated"] = pa.array(dataset.user_updates)
    return {
        "items": dataset.items.table.append_column("item_id", pa.array(dataset.items.id_map.ids)),
        "users": pa.table(users),
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
        has_timestamps=dataset.interactions.has("timestamps"),
    )


def _manifest_of(dataset: Dataset, files: Mapping[str, Any], updates: Sequence[DatasetUpdate]) -> dict[str, Any]:
    return with_checksum(
        {
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
            **({"updates": [asdict(one) for one in updates]} if updates else {}),
        }
    )
