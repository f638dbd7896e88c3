"""Checking everything that is stored, and repairing what can be repaired without losing data."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from engine import models
from engine.errors import DamagedError, DataError, MissingError, RecsysError
from engine.evaluation.study_file import require_study
from engine.runtime.job import Job, Progress
from engine.search.encoder.model_files import read_stamps
from engine.search.lexical import aliases, synonyms
from engine.storage.arrays import read_npz
from engine.storage.atomic import describe_os_error, set_aside
from engine.storage.guarded import read_json, require_checksum
from engine.storage.paths import Paths
from engine.storage.settings import read_settings
from engine.workspace.checkpoints import describe_checkpoint
from engine.workspace.dataset_store import Workspace
from engine.workspace.layout import CURRENT, DEFAULTS, MANIFEST, MAP, PINS, PROFILE, RUNS, TRAINING, TUNING, WORDS
from engine.workspace.manifest import Manifest, read_manifest
from engine.workspace.run_files import describe_run, record_files
from engine.workspace.stored_model import model_folder, read_report, require_whole
from engine.workspace.tables import load_table, require_table

Read = TypeVar("Read")


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
        ``"data set"``, ``"table"``, ``"model"``, ``"training"``, ``"embeddings"``, ``"search index"``, ``"map"``,
        ``"profile"``, ``"tuning"``, ``"run"``, ``"history"``, ``"aliases"``, ``"pins"``, ``"synonyms"``,
        ``"settings"``, ``"state"``, ``"cache"`` or ``"own ratings"``.
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


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to check.

    Attributes
    ----------
    finding
        What it is and where, as it is told if nothing is wrong.
    examine
        Returns a few words about its content, or raises the error that says what is wrong; a MissingError if there is
        no such thing.
    mend
        Mends it, and returns what it did; None where a person must do it.
    """

    finding: Finding
    examine: Callable[[], str]
    mend: Callable[[], str] | None


class _NotRecordedError(Exception):
    """What was checked is whole as far as can be told."""


def check(
    workspace: Workspace,
    paths: Paths,
    dataset: str | None = None,
    *,
    repair: bool = False,
    job: Job | None = None,
    others: Iterable[Check] = (),
) -> Iterator[Finding]:
    """Check what is stored: data sets, models, embeddings, caches, searches for options, history, settings and state.

    The aliases and synonyms that a person wrote are read, too.

    Every checksum is compared, so all bytes are read. Without ``repair`` nothing is changed. With it a cache that is
    damaged is deleted, since it is made again; embeddings are cut to the rows that are whole; left-overs of killed
    processes are cleared; and everything else that is damaged is renamed, so that it is neither used nor lost.

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
    others
        What else is stored that belongs to no data set.

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
        yield from _of_all(workspace, name, repair=repair, job=job)
    for folder in workspace.set_aside():
        name = folder.name.rpartition(".damaged-")[0]
        if dataset in (None, name):
            yield Finding(name, "data set", folder.name, str(folder), Condition.SET_ASIDE)
    if dataset is None:
        job.report(Progress("checking settings and state"))
        for one in (*_of_program(workspace, paths), *others):
            if (finding := _run(one, workspace, repair=repair, job=job)) is not None:
                yield finding
    if repair:
        for path in workspace.clear_leftovers():
            yield Finding("", "left-over", path.name, str(path), Condition.DAMAGED, repair="deleted")


def _of_all(workspace: Workspace, name: str, *, repair: bool, job: Job) -> Iterator[Finding]:
    """What is found of one data set."""
    try:
        for one in _of_dataset(workspace, name, job):
            finding = _run(one, workspace, repair=repair, job=job)
            if finding is None:
                continue
            yield finding
            if finding.repair and finding.kind in ("data set", "table"):
                return  # the whole data set was moved aside
    except PermissionError as error:  # one of its folders may not be looked into
        path = str(error.filename or workspace.dataset_folder(name))
        detail = f"{describe_os_error(error)}."
        yield Finding(name, "data set", Path(path).name, path, Condition.UNREADABLE, detail)


def _run(one: Check, workspace: Workspace, *, repair: bool, job: Job) -> Finding | None:
    job.checkpoint()
    try:
        return replace(one.finding, detail=one.examine())
    except MissingError:
        return None
    except _NotRecordedError as note:
        return replace(one.finding, condition=Condition.NOT_RECORDED, detail=str(note))
    except DamagedError as error:
        finding = replace(one.finding, condition=Condition.DAMAGED, detail=str(error))
    except RecsysError as error:
        return replace(one.finding, condition=Condition.UNREADABLE, detail=str(error))
    except OSError as error:
        return replace(one.finding, condition=Condition.UNREADABLE, detail=f"{describe_os_error(error)}.")
    if not repair or one.mend is None:
        return finding
    try:
        with workspace.exclusive():
            return replace(finding, repair=one.mend())
    except (RecsysError, OSError) as error:
        why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        return replace(finding, detail=f"{finding.detail} It could not be repaired: {why.rstrip('.')}.")


# -- data sets ------------------------------------------------------------------------------------------------------
def _of_dataset(workspace: Workspace, name: str, job: Job) -> Iterator[Check]:
    folder = workspace.dataset_folder(name)
    aside = partial(move_aside, folder)
    yield Check(_finding(name, "data set", name, folder / MANIFEST), partial(_describe, folder, name), aside)
    manifest: Manifest | None = None
    with contextlib.suppress(RecsysError):
        manifest = read_manifest(folder, name)
    for table, entry in {} if manifest is None else manifest.files.items():
        yield Check(
            _finding(name, "table", table, folder / entry["file"]), partial(_compare_table, folder, entry), aside
        )
    for model in models.describe():
        versions = workspace.model_versions(name, model)
        if os.path.lexists(versions):
            yield Check(
                _finding(name, "model", model, versions),
                partial(_compare_model, versions, model),
                partial(move_aside, versions),
            )
        training = folder / TRAINING / model
        if os.path.lexists(training):
            yield Check(
                _finding(name, "training", model, training),
                partial(describe_checkpoint, training),
                partial(move_aside, training),
            )
    for vectors in _folders(workspace.embeddings_folder(name)):
        yield Check(
            _finding(name, "embeddings", vectors.name, vectors),
            partial(_measure_vectors, vectors, job),
            partial(_cut_vectors, vectors),
        )
    words = folder / WORDS
    yield Check(_finding(name, "search index", WORDS, words), partial(_read_index, words), partial(_delete, words))
    the_map = folder / MAP
    yield Check(_finding(name, "map", MAP, the_map), partial(_read_map, the_map), partial(_delete, the_map))
    for path in _files(folder, PROFILE):
        yield Check(_finding(name, "profile", path.name, path), partial(_read_profile, path), partial(_delete, path))
    for path in _files(folder, aliases.FILE_NAME):
        yield Check(_finding(name, "aliases", path.name, path), partial(_count_aliases, path, folder, manifest), None)
    for study in _files(folder / TUNING, "*.journal"):
        yield Check(
            _finding(name, "tuning", study.stem, study), partial(_count_entries, study), partial(move_aside, study)
        )
    for path in _files(folder, DEFAULTS):
        yield Check(
            _finding(name, "state", path.name, path), partial(_read, path, dict[str, str]), partial(move_aside, path)
        )
    for path in _files(folder, PINS):
        yield Check(
            _finding(name, "pins", path.name, path),
            partial(_read, path, dict[str, list[int | str]]),
            partial(move_aside, path),
        )
    for number, path in record_files(folder / RUNS):
        yield Check(_finding(name, "run", str(number), path), partial(describe_run, path), partial(move_aside, path))


def _describe(folder: Path, name: str) -> str:
    found = read_manifest(folder, name).overview
    return f"{found.num_items:,} items, {found.num_users:,} users, {found.num_interactions:,} interactions"


def _compare_table(folder: Path, entry: Mapping[str, Any]) -> str:
    require_table(folder, entry)
    return f"{entry['rows']:,} rows"


def _compare_model(versions: Path, model: str) -> str:
    folder = model_folder(versions)
    stored = read_report(folder, model)
    if stored is None:
        raise MissingError
    require_whole(folder, stored)
    if stored.files is None:
        raise _NotRecordedError("The checksums of its files are not recorded; the model's own checksum is right.")
    return f"trained {stored.trained_at}"


def _read_map(path: Path) -> str:
    from engine.search.map.map_file import read_map

    return f"{len(read_map(path).items):,} items"


def _measure_vectors(folder: Path, job: Job) -> str:
    from engine.search.semantic.store_check import check_store

    found = check_store(folder, job)
    if found.whole < found.rows:
        raise DamagedError(
            f"{folder}: is damaged, since vector {found.whole + 1:,} of {found.rows:,} is not of unit length.",
            file=str(folder),
        )
    return f"{found.rows:,} vectors"


def _cut_vectors(folder: Path) -> str:
    from engine.search.semantic.store_check import repair_store

    try:
        kept = repair_store(folder).whole
    except DamagedError:
        return move_aside(folder)
    return f"cut to the {kept:,} vectors that are whole; the others are to be embedded again"


def _read_index(path: Path) -> str:
    return f"{len(read_npz(path))} arrays"


def _read_profile(path: Path) -> str:
    require_checksum(path, read_json(path, dict[str, Any]))
    return ""


def _count_aliases(path: Path, folder: Path, manifest: Manifest | None) -> str:
    ids: list[object] = []
    titles: list[str | None] = []
    if manifest is not None:
        table = load_table(folder, manifest.files["items"])
        ids, titles = table.column("item_id").to_pylist(), table.column("title").to_pylist()
    found = _as_written(partial(aliases.read_aliases, path, ids, titles))
    counted = f"further titles: {sum(map(len, found.of_row.values())):,}"
    return counted if not found.unmatched else f"{counted}; lines about no item: {found.unmatched:,}"


def _count_entries(path: Path) -> str:
    return f"{require_study(path):,} entries"


# -- what belongs to no data set --------------------------------------------------------------------------------------
def _of_program(workspace: Workspace, paths: Paths) -> Iterator[Check]:
    yield from _closed("settings", paths.config)
    yield from _closed("state", paths.state)
    yield from _closed("history", paths.state / "searches")
    yield from _closed("cache", paths.cache)
    for path in _files(paths.config, "config.toml"):
        yield Check(_finding("", "settings", path.name, path), partial(_read_settings, paths.config), None)
    for path in _files(paths.config, synonyms.FILE_NAME):
        yield Check(_finding("", "synonyms", path.name, path), partial(_read_synonyms, path), None)
    stored: list[tuple[str, Path, Any]] = [("state", workspace.folder / CURRENT, dict[str, str])]
    stored += [("state", path, dict[str, Any]) for path in _files(paths.state, "*.json")]
    stored += [("history", path, list[str]) for path in _files(paths.state / "searches", "*.json")]
    for kind, path, shape in stored:
        yield Check(_finding("", kind, path.name, path), partial(_read, path, shape), partial(move_aside, path))
    for path in _files(paths.cache, "model-hashes.json"):
        yield Check(_finding("", "cache", path.name, path), partial(_count_hashes, path), partial(_delete, path))


def _read_settings(folder: Path) -> str:
    _as_written(partial(read_settings, folder))
    return ""


def _read_synonyms(path: Path) -> str:
    _as_written(partial(synonyms.read_synonyms, path))
    return ""


def _as_written(read: Callable[[], Read]) -> Read:
    """What a person's own file holds; a mistake in it counts as damage, which only that person can mend."""
    try:
        return read()
    except DataError as error:
        raise DamagedError(str(error), file=error.file) from error


def _count_hashes(path: Path) -> str:
    return f"{len(read_stamps(path)):,} files"


def _read(path: Path, shape: Any) -> str:
    read_json(path, shape)
    return ""


# -- helpers ----------------------------------------------------------------------------------------------------------
def _finding(dataset: str, kind: str, name: str, path: Path) -> Finding:
    return Finding(dataset, kind, name, str(path), Condition.WHOLE)


def move_aside(path: Path) -> str:
    """Move something damaged aside, so that it is neither used nor lost; returns where it went, for a person."""
    return f"moved to {set_aside(path)}"


def _delete(path: Path) -> str:
    if path.is_dir():
        return move_aside(path)
    path.unlink()
    return "deleted; it is made again when it is needed"


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder; none where it may not be looked into, which :func:`_closed` tells."""
    try:
        return sorted(folder.glob(pattern)) if folder.is_dir() else []
    except PermissionError:
        return []


def _closed(kind: str, folder: Path) -> Iterator[Check]:
    """A check that says that a folder cannot be looked into, if that is so."""
    try:
        _look_into(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError:
        yield Check(_finding("", kind, folder.name, folder), partial(_look_into, folder), None)


def _look_into(folder: Path) -> str:
    os.scandir(folder).close()
    return ""


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, without those of other uses and those that were set aside."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(one for one in found if not one.name.startswith(".") and ".damaged-" not in one.name)
