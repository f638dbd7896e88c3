"""The service for the stored data sets: listing, previewing, adding, renaming, removing them and putting them back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.results import Overview
from engine.datasets.ingest import Preview, add, preview, update
from engine.errors import DataError, ErrorKind, RecsysError
from engine.runtime.job import Job
from engine.session import datasets
from engine.session.path_completion import complete_path
from engine.workspace.dataset_store import Workspace

if TYPE_CHECKING:
    from engine.datasets.formats.sources import Source

#: The roles of columns that a person can change before a table is added, and the one that a file of items has, too.
ROLES = ("user", "item", "rating", "time", "title", "year", "genres", "text")
CATALOGUE_ID = "id"
_OF_LOG = ROLES[:4]

#: So many different values of a column are shown, of so many rows, and so many characters of each.
_SAMPLES, _LOOKED_AT, _LONGEST_SAMPLE = 3, 50, 60
#: What is wrong with a table of which a person says the columns.
_MENDED_BY_ROLES = (
    ErrorKind.MISSING_COLUMN,
    ErrorKind.UNCLEAR_KIND,
    ErrorKind.BAD_HEADER,
    ErrorKind.UNCLEAR_DATES,
)


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A line of the list of data sets.

    Attributes
    ----------
    name
        Its name.
    overview
        Its sizes; None if it is damaged.
    damage
        What is wrong with it; empty if nothing is.
    is_open
        Whether the session is about it.
    """

    name: str
    overview: Overview | None
    damage: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class NewDataset:
    """What a person wants to add.

    Attributes
    ----------
    name
        The name that it is to have.
    source
        A file, a folder, an archive or an address; or the name of a published data set, or ``demo``.
    items
        A file with the catalogue, where ``source`` is a log alone; empty if there is none.
    mapping
        Role -> column, for a table whose columns are to be read otherwise than guessed; an empty column for none.
    is_update
        Whether it is to be appended to the stored data set of this name.
    day_first
        Whether 03/04/2024 is the third of April, for a table; None if the other dates of a column are to tell.
    """

    name: str
    source: str
    items: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    is_update: bool = False
    day_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What adding a data set would give, before anything is stored.

    Attributes
    ----------
    preview
        Its sizes, the types of its columns, its first rows, and what would be left out; None if the columns that are
        needed were not found.
    columns
        The columns that roles can be given to; empty where the reader knows the columns itself.
    roles
        Role -> column, as guessed or as asked for.
    problem
        A sentence that says which column is missing, or why it cannot be read; empty if nothing is wrong.
    unclear_dates
        The columns of which it is unclear whether the day or the month comes first in their dates.
    missing
        The role without whose column it cannot be read; empty if another reason prevents it, or none.
    samples
        The first values of the columns, which tell what a column is whose name does not.
    """

    preview: Preview | None
    columns: tuple[str, ...]
    roles: Mapping[str, str]
    problem: str = ""
    unclear_dates: tuple[str, ...] = ()
    missing: str = ""
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class DatasetService:
    """The data sets beside the open one, and that one.

    Parameters
    ----------
    workspace
        Where they lie.
    open_name
        The name of the open one.
    """

    def __init__(self, workspace: Workspace, open_name: str) -> None:
        self._workspace = workspace
        self._open = open_name

    def stored(self) -> list[StoredDataset]:
        """All stored data sets by name; a damaged one hides no other."""
        found = []
        for name in self._workspace.names():
            try:
                overview, damage = self._workspace.manifest(name).overview, ""
            except RecsysError as error:
                overview, damage = None, str(error)
            found.append(StoredDataset(name, overview, damage, name == self._open))
        return found

    def removed(self) -> Sequence[str]:
        """The names of the data sets that can be put back, the latest removal first."""
        return [one.name for one in datasets.trashed(self._workspace.folder)]

    def published(self) -> Sequence[str]:
        """What can be added by its name alone."""
        from engine.datasets.releases import RELEASES

        return ("demo", *RELEASES)

    def complete(self, text: str) -> list[str]:
        """Completions of a half-typed source: published names and paths."""
        named = [one for one in self.published() if text and one.startswith(text)]
        return [*named, *self.complete_path(text)]

    def complete_path(self, text: str) -> list[str]:
        """Completions of a half-typed path; none of an address."""
        return complete_path(text) if "://" not in text else []

    def preview(self, new: NewDataset, job: Job | None = None) -> Draft:
        """Read what is to be added, and store nothing.

        Raises
        ------
        DataError, OptionError
            As :func:`engine.datasets.read`; also for a published data set, which is downloaded only when it is added.
        CancelledError
            If the job was cancelled.
        """
        if new.is_update:
            try:
                done, overview = update(self._workspace, new.name, **_appended(new), store=False, job=job)
            except DataError as error:
                if error.kind is not ErrorKind.UNCLEAR_DATES:
                    raise
                return Draft(None, (), {}, str(error), (error.column or "",))
            counts = ", ".join(f"{count:,} {what}" for what, count in done.counts().items())
            notes = [f"{', '.join(done.files)}: {counts}.", *done.notes]
            return Draft(Preview(overview, {}, {"notes": notes}, {}, (), ()), (), {})
        if new.source in self.published():
            raise DataError(f"{new.source} is downloaded, or copied from the program, when it is added.")
        try:
            found = preview(new.name, **_files(new), job=job)
        except DataError as error:
            samples = _columns(new) if error.kind in _MENDED_BY_ROLES else {}
            columns = tuple(samples)
            unclear = (error.column or "",) if error.kind is ErrorKind.UNCLEAR_DATES else ()
            if not columns and not unclear:
                raise
            missing = error.column or "" if error.kind is ErrorKind.MISSING_COLUMN else ""
            roles = {}
            if unclear:  # what can be told without the times, which could not be read
                roles = self._guess(replace(new, mapping={**new.mapping, "time": ""}), job)
            elif missing == CATALOGUE_ID and new.items:
                log = {role: column for role, column in new.mapping.items() if role in _OF_LOG}
                roles = self._guess(replace(new, items="", mapping=log), job)
            given = {role: new.mapping.get(role, roles.get(role, "")) for role in _roles_of(new)}
            return Draft(None, columns, given, str(error), unclear, missing, samples)
        roles = _guessed(found)
        is_table = found.overview.kind == "table"
        samples = _columns(new) if is_table else {}
        return Draft(
            found,
            tuple(samples),
            {role: new.mapping.get(role, roles.get(role, "")) for role in _roles_of(new)} if is_table else {},
            unclear_dates=tuple(
                str(hint["column"]) for hint in found.source.get("hints", ()) if hint["hint"] == "dates" and is_table
            ),
            samples=samples,
        )

    def _guess(self, new: NewDataset, job: Job | None) -> dict[str, str]:
        """The roles that are guessed; none where the files cannot be read."""
        try:
            return _guessed(preview(new.name, **_files(new), job=job))
        except DataError:
            return {}

    def add(self, new: NewDataset, job: Job | None = None, log: Callable[[str], None] = lambda _: None) -> str:
        """Read what is to be added or appended, and store it; returns its name.

        Raises
        ------
        DataError, OptionError
            As :func:`engine.datasets.ingest.add`; nothing is stored then.
        CancelledError
            If the job was cancelled.
        """
        if new.is_update:
            update(self._workspace, new.name, **_appended(new), job=job, log=log)
            return new.name
        if new.source in self.published():
            kind = "demo" if new.source == "demo" else None
            if kind is None and new.name != new.source:
                raise DataError(f"The published data set {new.source} keeps its name: rename it once it is stored.")
            return add(self._workspace, new.name, kind=kind, job=job, log=log).overview.name
        return add(self._workspace, new.name, **_files(new), job=job, log=log).overview.name

    def rename(self, name: str, new_name: str) -> str:
        """Rename a data set; returns the new name. See :func:`engine.session.datasets.rename`."""
        return datasets.rename(self._workspace, name, new_name).overview.name

    def remove(self, name: str) -> None:
        """Move a data set to the trash.

        Raises
        ------
        DataError
            If it is the open one, or cannot be moved.
        """
        if name == self._open:
            raise DataError(f"{name} is open: open another data set before this one is removed.", name=name)
        datasets.throw_away(self._workspace, name)

    def restore(self, name: str) -> str:
        """Put back the data set that was removed last under a name; returns the name."""
        return datasets.restore(self._workspace, name).overview.name


def _guessed(found: Preview) -> dict[str, str]:
    """The roles of the columns that were found by their names."""
    guessed: Mapping[str, Mapping[str, str]] = found.source.get("guessed_columns", {})
    return {role: column for columns in guessed.values() for role, column in columns.items()}


def _roles_of(new: NewDataset) -> tuple[str, ...]:
    """The roles that can be given to columns: items in a file of their own have ids there, too."""
    return (*_OF_LOG, CATALOGUE_ID, *ROLES[len(_OF_LOG) :]) if new.items else ROLES


def _location(text: str) -> str | Path:
    return text if "://" in text else Path(os.path.expanduser(text))


def _files(new: NewDataset) -> dict[str, Any]:
    mapping = {role: column.split("+") if role == "text" and column else column for role, column in new.mapping.items()}
    given: dict[str, Any] = {"mapping": mapping or None, "day_first": new.day_first}
    if new.items:
        return {**given, "ratings": _location(new.source), "items": _location(new.items)}
    return {**given, "source": _location(new.source)}


def _appended(new: NewDataset) -> dict[str, Any]:
    """The files of an update: a folder or an archive holds all of them, and another file is the log."""
    given: dict[str, Any] = {"items": _location(new.items) if new.items else None, "day_first": new.day_first}
    if not new.source:
        return given
    source = _location(new.source)
    holds_all = isinstance(source, Path) and (source.is_dir() or source.suffix == ".zip") and not new.items
    role = "source" if holds_all else "ratings"
    return {**given, role: source}


def _columns(new: NewDataset) -> dict[str, tuple[str, ...]]:
    """The columns of the tables, in their order, with first values; none where the files are not on this machine."""
    from engine.datasets.formats.detect import Evidence
    from engine.datasets.formats.files import Files

    paths = [one for one in (new.source, new.items) if one and "://" not in one]
    columns: dict[str, tuple[str, ...]] = {}
    for path in paths:
        try:
            evidence = Evidence.of(Files(source=Path(os.path.expanduser(path))))
            for source in evidence.members:
                names = evidence.glimpse(source).names
                values = _first_values(source, names)
                columns |= {name: values.get(name, ()) for name in names if name not in columns}
        except DataError:  # the preview says what is wrong
            continue
    return columns


def _first_values(source: Source, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A few different values of each column, from the beginning of a file."""
    from engine.datasets.formats.parquet_json import open_rows
    from engine.datasets.formats.read_report import ReadReport

    block = next(open_rows(source).blocks(names, ReadReport(source.name, "ratings")), None)
    if block is None:
        return {}
    found = {}
    for name, values in block.columns.items():
        texts = (str(value)[:_LONGEST_SAMPLE] for value in values[:_LOOKED_AT].to_pylist() if value not in (None, ""))
        found[name] = tuple(dict.fromkeys(texts))[:_SAMPLES]
    return found
