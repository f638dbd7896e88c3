"""Checking everything that is stored, and repairing what can be repaired without losing data."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine import models
from engine.errors import DamagedError, DataError, MissingError, RecsysError
from engine.evaluation.study_file import require_study
from engine.runtime.job import Job, Progress
from engine.search.encoder.model_files import Stamp
from engine.storage.arrays import read_npz
from engine.storage.atomic import describe_os_error, locked, set_aside
from engine.storage.guarded import read_json
from engine.storage.paths import Paths
from engine.storage.settings import read_settings
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import CURRENT, LOCK, MANIFEST, TUNING, WORDS
from engine.workspace.manifest import Manifest, read_manifest
from engine.workspace.stored_model import model_folder, read_report, require_whole
from engine.workspace.tables import require_table


class Condition(StrEnum):
    """What a check found."""

    #: What is stored is what was written.
    WHOLE = "whole"
    #: It is whole as far as can be told: an earlier version of the program recorded no checksum.
    NOT_RECORDED = "not-recorded"
    #: It is not what was written.
    DAMAGED = "damaged"
    #: It cannot be read now, for example because this user may not.
    UNREADABLE = "unreadable"
    #: It was damaged, and was moved aside earlier; nothing uses it.
    SET_ASIDE = "set-aside"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one stored thing.

    Attributes
    ----------
    dataset
        The data set that it belongs to; empty for what belongs to none.
    kind
        ``"data set"``, ``"table"``, ``"model"``, ``"embeddings"``, ``"search index"``, ``"tuning"``, ``"history"``,
        ``"settings"``, ``"state"`` or ``"cache"``.
    name
        Its name among those of its kind.
    path
        Where it is stored.
    condition
        What was found.
    detail
        A few words about its content, or what is wrong.
    repair
        What was done about it; empty if nothing was.
    """

    dataset: str
    kind: str
    name: str
    path: str
    condition: Condition
    detail: str = ""
    repair: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether it is damaged or unreadable, and still so after what was done."""
        return self.condition in (Condition.DAMAGED, Condition.UNREADABLE) and not self.repair


#: A thing to check: its description, the check, which returns a detail, and the repair, which returns what it did.
_Work = tuple[Finding, Callable[[], str], Callable[[], str]]


def check(
    workspace: Workspace, paths: Paths, dataset: str | None = None, *, repair: bool = False, job: Job | None = None
) -> Iterator[Finding]:
    """Check what is stored: data sets, models, embeddings, caches, searches for options, history, settings and state.

    Every checksum is compared, so all bytes are read. Without ``repair`` nothing is changed. With it a cache that is
    damaged is deleted, since it is made again; embeddings are cut to the rows that are whole; and everything else that
    is damaged is renamed, so that it is neither used nor lost.

    Parameters
    ----------
    workspace
        The data sets.
    paths
        The folders of the program.
    dataset
        Check this data set only; None checks all, and what belongs to no data set.
    repair
        Whether to repair what is damaged.
    job
        Receives the progress and may cancel.

    Yields
    ------
    Finding
        What was found of each thing, as soon as it is known.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    """
    job = job or Job()
    if dataset is not None and dataset not in workspace:
        workspace.manifest(dataset)  # raises the error for a name that is not stored
    for name in workspace.names() if dataset is None else [dataset]:
        job.report(Progress(f"checking {name}"))
        for finding in _in_dataset(workspace, name, job):
            yield _checked(finding, workspace, repair=repair, job=job)
    for folder in workspace.set_aside():
        if dataset is None or folder.name.startswith(f"{dataset}.damaged-"):
            yield Finding(
                folder.name.rpartition(".damaged-")[0], "data set", folder.name, str(folder), Condition.SET_ASIDE
            )
    if dataset is None:
        job.report(Progress("checking settings and state"))
        for work in _elsewhere(workspace, paths):
            yield _checked(work, workspace, repair=repair, job=job)


def _checked(work: _Work, workspace: Workspace, *, repair: bool, job: Job) -> Finding:
    finding, examine, mend = work
    job.checkpoint()
    try:
        return replace(finding, detail=examine())
    except MissingError:
        return replace(finding, condition=Condition.WHOLE, detail="not there")
    except _NotRecordedError as note:
        return replace(finding, condition=Condition.NOT_RECORDED, detail=str(note))
    except (DamagedError, _BadSettingsError) as error:
        finding = replace(finding, condition=Condition.DAMAGED, detail=str(error))
    except RecsysError as error:
        return replace(finding, condition=Condition.UNREADABLE, detail=str(error))
    except OSError as error:
        return replace(finding, condition=Condition.UNREADABLE, detail=describe_os_error(error))
    if not repair:
        return finding
    try:
        with locked(workspace.folder / LOCK, wait=True):
            return replace(finding, repair=mend())
    except (RecsysError, OSError) as error:
        why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        return replace(finding, detail=f"{finding.detail} It could not be repaired ({why.rstrip('.')}).")


class _NotRecordedError(Exception):
    """What was checked is whole as far as can be told."""


class _BadSettingsError(Exception):
    """A file that a person wrote is wrong; it is not damaged, and is not touched."""


def _in_dataset(workspace: Workspace, name: str, job: Job) -> Iterator[_Work]:
    folder = workspace.dataset_folder(name)
    manifest: Manifest | None = None
    with contextlib.suppress(RecsysError):
        manifest = read_manifest(folder, name)

    def describe() -> str:
        found = read_manifest(folder, name).overview
        return f"{found.num_items:,} items, {found.num_users:,} users, {found.num_interactions:,} interactions"

    yield _work(name, "data set", name, folder / MANIFEST, describe, lambda: _aside(folder))
    for table, entry in {} if manifest is None else manifest.files.items():

        def compare(entry: Any = entry) -> str:
            require_table(folder, entry)
            return f"{entry['rows']:,} rows"

        yield _work(name, "table", table, folder / entry["file"], compare, lambda: _aside(folder))
    yield from _models(workspace, name)
    yield from _embeddings(workspace, name, job)
    words = folder / WORDS
    yield _work(name, "search index", WORDS, words, lambda: f"{len(read_npz(words))} arrays", lambda: _deleted(words))
    for path in _files(folder / TUNING, "*.journal"):

        def count(path: Path = path) -> str:
            return f"{require_study(path):,} entries"

        yield _work(name, "tuning", path.stem, path, count, lambda path=path: _aside(path))  # type: ignore[misc]


def _models(workspace: Workspace, name: str) -> Iterator[_Work]:
    for model in models.describe():
        versions = workspace.model_versions(name, model)
        if not os.path.lexists(versions):
            continue

        def compare(versions: Path = versions, model: str = model) -> str:
            folder = model_folder(versions)
            stored = read_report(folder, model)
            if stored is None:
                raise _NothingError
            require_whole(folder, stored)
            if stored.files is None:
                raise _NotRecordedError("checksums of its report are not recorded; its own are right")
            return f"trained {stored.trained_at}"

        yield _work(name, "model", model, versions, compare, lambda versions=versions: _aside(versions))  # type: ignore[misc]


def _embeddings(workspace: Workspace, name: str, job: Job) -> Iterator[_Work]:
    from engine.search.semantic.store_check import check_store, repair_store

    for folder in _folders(workspace.embeddings_folder(name)):

        def measure(folder: Path = folder) -> str:
            found = check_store(folder, job)
            if found.whole < found.rows:
                raise DamagedError(
                    f"{folder}: is damaged, since vector {found.whole + 1:,} of {found.rows:,} is not of unit length.",
                    file=str(folder),
                )
            return f"{found.rows:,} vectors"

        def mend(folder: Path = folder) -> str:
            try:
                kept = repair_store(folder).whole
            except DamagedError:
                return _aside(folder)
            return f"cut to the {kept:,} vectors that are whole; the others are to be embedded again"

        yield _work(name, "embeddings", folder.name, folder, measure, mend)


def _elsewhere(workspace: Workspace, paths: Paths) -> Iterator[_Work]:
    def settings() -> str:
        try:
            read_settings(paths.config)
        except DataError as error:
            raise _BadSettingsError(str(error)) from error
        return ""

    def leave() -> str:
        raise DataError("it is yours: correct it, or remove it")

    def read(path: Path, kind: Any, words: str) -> Callable[[], str]:
        def examine() -> str:
            found = read_json(path, kind)
            return f"{len(found):,} {words}" if words else ""

        return examine

    for path in _files(paths.config, "config.toml"):
        yield _work("", "settings", path.name, path, settings, leave)
    files = [(workspace.folder / CURRENT, "state", dict[str, str], "")]
    files += [(path, "state", dict[str, Any], "") for path in _files(paths.state, "*.json")]
    files += [(path, "history", list[str], "searches") for path in _files(paths.state / "searches", "*.json")]
    for path, kind, shape, words in files:
        yield _work("", kind, path.name, path, read(path, shape, words), lambda path=path: _aside(path))  # type: ignore[misc]
    for path in _files(paths.cache, "model-hashes.json"):
        yield _work(
            "",
            "cache",
            path.name,
            path,
            read(path, dict[str, Stamp], "files"),
            lambda path=path: _deleted(path),  # type: ignore[misc]
        )


def _work(dataset: str, kind: str, name: str, path: Path, examine: Callable[[], str], mend: Callable[[], str]) -> _Work:
    return Finding(dataset, kind, name, str(path), Condition.WHOLE), examine, mend


def _aside(path: Path) -> str:
    return f"moved to {set_aside(path)}"


def _deleted(path: Path) -> str:
    if path.is_dir():
        return _aside(path)
    path.unlink()
    return "deleted; it is made again when it is needed"


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, without those of other uses and those that were set aside."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(one for one in found if not one.name.startswith(".") and ".damaged-" not in one.name)
