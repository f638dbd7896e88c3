"""The description of a stored data set, and what must hold of one that was read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data.results import Overview
from engine.data.updates import DatasetUpdate
from engine.errors import RecsysError
from engine.storage.guarded import convert_file, damaged, read_json, require_checksum
from engine.storage.schema import SchemaError, convert
from engine.workspace.layout import MANIFEST, TABLES
from engine.workspace.renaming import RENAMED_TO, renamed

SCHEMA_VERSION = 1
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


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
    updates
        What was appended since the data set was added, the oldest first.
    """

    overview: Overview
    skipped: Mapping[str, int]
    source: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    files: Mapping[str, Mapping[str, Any]]
    updates: tuple[DatasetUpdate, ...] = ()


@dataclass(frozen=True, slots=True)
class _TableEntry:
    """What a manifest says of one table."""

    file: str
    sha256: str
    rows: int


def read_manifest(folder: Path, name: str) -> Manifest:
    """Read the description of the data set ``name`` in its folder.

    Raises
    ------
    DamagedError
        If it is not one that was written for this data set.
    DataError
        If it cannot be read.
    RecsysError
        If a newer version of the program wrote it.
    """
    path = folder / MANIFEST
    return to_manifest(path, name, read_json(path, dict[str, Any]))


def to_manifest(path: Path, name: str, raw: Mapping[str, Any]) -> Manifest:
    """Make the description of the data set ``name`` of the content of its file; raises as :func:`read_manifest`."""
    schema = raw.get("schema")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise RecsysError(
            f"The data set {name!r} was stored by a newer recsys-tui ({raw.get('program')}): "
            "update this one, or add the data set again under another name.",
            name=name,
        )
    if schema != SCHEMA_VERSION:
        raise damaged(path, f"it has the unknown schema {schema!r:.40}")
    require_checksum(path, raw)
    if raw.get(RENAMED_TO) == name:
        try:
            raw = renamed(raw, name)
        except (TypeError, ValueError, KeyError):
            raise damaged(path, "it has no overview") from None
    manifest = convert_file(path, raw, Manifest)
    try:
        require_consistent(name, manifest)
    except SchemaError as error:
        raise damaged(path, str(error)) from error
    return manifest


def require_consistent(name: str, manifest: Manifest) -> None:
    """Check that a manifest describes the data set ``name``, and does not contradict itself.

    Raises
    ------
    SchemaError
        If it does not, or names a file that is not in the folder of the data set.
    """
    overview = manifest.overview
    if overview.name != name:
        raise SchemaError(f"it describes {overview.name!r}")
    if not {"users", "items"} <= set(manifest.fingerprints):
        raise SchemaError("it lacks a fingerprint")
    if missing := [table for table in TABLES if table not in manifest.files]:
        raise SchemaError(f"it lacks the table {missing[0]}")
    entries = {table: convert(dict(entry), _TableEntry, table) for table, entry in manifest.files.items()}
    for table, entry in entries.items():
        # A name with a folder in it could lead out of the data set.
        if not _FILE_NAME.fullmatch(entry.file):
            raise SchemaError(f"the file of the table {table} has an impossible name")
    counts = {
        "items": overview.num_items,
        "users": overview.num_users,
        "interactions": overview.num_interactions,
    }
    for table, count in counts.items():
        if entries[table].rows != count or count < 0:
            raise SchemaError(f"it gives two different numbers of {table}")
    if not 0 <= overview.num_rated_items <= overview.num_items:
        raise SchemaError("it gives more rated items than items")
