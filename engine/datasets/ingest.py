"""Read a data set from files, or download it by its name, and store it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any

from engine.data.dataset import Dataset
from engine.data.results import Overview
from engine.data.updates import DatasetUpdate
from engine.datasets import read
from engine.errors import DataError, ErrorKind, OptionError
from engine.runtime.job import Job
from engine.workspace.dataset_store import DEMO, Workspace, overview_of
from engine.workspace.manifest import Manifest

#: The key of a data set's source under which the options of its reader are.
_READ_WITH = "read_with"


def _silent(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Preview:
    """What reading files gives, of which nothing is stored.

    Attributes
    ----------
    overview, skipped, source
        As :class:`engine.workspace.dataset_store.Manifest` has them.
    types
        Column of the items -> the type of its values.
    items
        The first items: column -> value as text, which is empty where there is none.
    interactions
        The first interactions: user, item, rating, weight and time, as far as there are such.
    """

    overview: Overview
    skipped: Mapping[str, int]
    source: Mapping[str, Any]
    types: Mapping[str, str]
    items: Sequence[Mapping[str, str]]
    interactions: Sequence[Mapping[str, str]]


def _moment(time: Any, is_date: bool) -> str:
    import numpy as np

    return str(np.datetime64(int(time), "s")).replace("T", " ") if is_date else str(int(time))


def _shown(value: Any) -> str:
    """A value of the catalogue as text: nothing where there is none, and a list by its entries."""
    if value is None:
        return ""
    return ", ".join(map(_shown, value)) if isinstance(value, list) else str(value)


def preview(name: str, *, first: int = 5, job: Job | None = None, **files: Any) -> Preview:
    """Read files as :func:`add` does, and store nothing.

    Parameters
    ----------
    name
        The name that the data set would have.
    first
        The number of items and interactions to show.
    job
        Takes the progress and may be cancelled.
    **files
        As :func:`engine.datasets.read` takes them, with ``log``.

    Raises
    ------
    DataError, OptionError
        As :func:`engine.datasets.read`.
    """
    dataset = read(name, files.pop("kind", None), **files, job=job)
    log, table = dataset.interactions, dataset.items.table
    columns = {"rating": log.ratings, "weight": log.weights, "time": log.timestamps}
    interactions = [
        {
            "user": str(dataset.users.decode_one(int(log.user_ids[row]))),
            "item": dataset.items[int(log.item_ids[row])].title,
            **{key: f"{values[row]:g}" if key != "time" else _moment(values[row], dataset.has_dates)
               for key, values in columns.items() if values is not None},
        }
        for row in range(min(first, len(log)))
    ]  # fmt: skip
    return Preview(
        overview_of(dataset),
        dataset.skipped,
        dataset.source,
        {field.name: str(field.type) for field in table.schema},
        [{key: _shown(value) for key, value in row.items()} for row in table.slice(0, first).to_pylist()],
        interactions,
    )


def _with_options(dataset: Dataset, options: Mapping[str, Any]) -> Dataset:
    """The data set with the options of its reader, by which an update is read, too."""
    given = {name: value for name, value in options.items() if value not in (None, {})}
    return replace_fields(dataset, source={**dataset.source, _READ_WITH: given}) if given else dataset


def add(
    workspace: Workspace,
    name: str,
    *,
    kind: str | None = None,
    items: str | Path | None = None,
    ratings: str | Path | Sequence[str | Path] | None = None,
    links: str | Path | None = None,
    source: str | Path | None = None,
    mapping: Mapping[str, str | Sequence[str]] | None = None,
    where: Mapping[str, str] | None = None,
    user: str | None = None,
    join: tuple[str | Path, str] | None = None,
    header: bool | None = None,
    encoding: str | None = None,
    day_first: bool | None = None,
    max_size: int | None = None,
    replace: bool = False,
    job: Job | None = None,
    log: Callable[[str], None] = _silent,
) -> Manifest:
    """Read a data set and store it.

    Without any file, ``demo`` (as the name or as the kind) is the bundled data set, and the names that
    :mod:`engine.datasets.releases` knows are downloaded from their publisher.

    Parameters
    ----------
    workspace
        Where to store the data set.
    name
        The name of the data set.
    kind, items, ratings, links, source, mapping, where, user, join, header, encoding, day_first, max_size
        As :func:`engine.datasets.read` takes them.
    replace
        Whether to replace a stored data set of the same name.
    job
        Takes the progress and may be cancelled.
    log
        Called with sentences for a person, such as the licence or the size of a download.

    Returns
    -------
    Manifest
        The description of the stored data set.

    Raises
    ------
    DataError
        If the name is already used, a file is not what it should be, or the workspace cannot be written. Nothing is
        stored then.
    OptionError
        If no file is given and no data set of this name can be downloaded.
    """
    job = job or Job()
    # Checked here too, so that nobody waits for a long read first.
    if name in workspace and not replace:
        raise workspace.exists_error(name)
    nothing_given = items is None and ratings is None and links is None and source is None
    if not nothing_given or DEMO in (name, kind):
        dataset = read(
            name,
            kind or (DEMO if nothing_given else None),
            items=items,
            ratings=ratings,
            links=links,
            source=source,
            mapping=mapping,
            where=where,
            user=user,
            join=join,
            header=header,
            encoding=encoding,
            day_first=day_first,
            max_size=max_size,
            job=job,
            log=log,
        )
        options = {"where": where, "user": user, "header": header, "encoding": encoding, "day_first": day_first}
        dataset = _with_options(dataset, {"mapping": mapping, **options})
        return workspace.add(dataset, replace=replace, job=job)

    from engine.datasets.releases import RELEASES, fetch

    if name not in RELEASES:
        without = (DEMO, *RELEASES)
        raise OptionError(
            f"No file was named for the data set {name!r} (without files only {', '.join(without)} can be added).",
            kind=ErrorKind.NO_FILES,
            name=name,
            choices=without,
        )

    with tempfile.TemporaryDirectory(prefix="recsys-tui-") as folder:
        archive = fetch(name, Path(folder), job, log)
        dataset = read(name, kind, source=archive, job=job)
        return workspace.add(dataset, replace=replace, job=job)


def update(
    workspace: Workspace,
    name: str,
    *,
    items: str | Path | None = None,
    ratings: str | Path | Sequence[str | Path] | None = None,
    links: str | Path | None = None,
    source: str | Path | None = None,
    day_first: bool | None = None,
    max_size: int | None = None,
    store: bool = True,
    job: Job | None = None,
    log: Callable[[str], None] = _silent,
) -> tuple[DatasetUpdate, Overview]:
    """Append files to a stored data set; they are read as it was read, with the same columns for the same roles.

    Of several interactions of a user with an item the latest counts, as :func:`engine.datasets.read` has it. Users and
    items keep their internal ids, so that models and embeddings go on serving what they know.

    Parameters
    ----------
    workspace, name
        Where the data set lies, and its name.
    items, ratings, links, source, max_size
        As :func:`engine.datasets.read` takes them.
    day_first
        As :func:`engine.datasets.read` takes it. If None, dates that do not tell are read as those of the data set.
    store
        Whether the result is stored, or only described.
    job, log
        As of :func:`add`.

    Returns
    -------
    DatasetUpdate, Overview
        What was appended, and what the data set is like then.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    OptionError
        If no file is given.
    DataError
        If a file is not what it should be, or lacks what the data set has, the data set cannot be updated or was
        changed meanwhile, or the workspace cannot be written. The data set is then unchanged.
    """
    from engine.datasets.build.merge import merge

    job = job or Job()
    before = workspace.manifest(name)
    if before.overview.simulated or before.overview.kind == DEMO:
        raise DataError(
            f"{name!r} is the bundled data set, whose users are simulated: it cannot be updated.", name=name
        )
    if items is None and ratings is None and links is None and source is None:
        raise OptionError(f"No file was named that is to be appended to {name!r}.", name=name)
    options = _options_of(before, ratings is not None or source is not None, items is not None or source is not None)
    if day_first is not None:
        options |= {"day_first": day_first, "known_day_first": None}
    files: dict[str, Any] = {
        "items": items, "ratings": ratings, "links": links, "source": source, "max_size": max_size
    }  # fmt: skip
    old = workspace.open(name)
    options["known_items"] = old.items.id_map.ids
    try:
        new = read(name, before.overview.kind, **files, **options, job=job, log=log)
    except DataError as error:
        if error.kind is not ErrorKind.MISSING_COLUMN:
            raise
        # Other columns cannot be named here: an update is read as the data set was.
        why = f"{str(error).rstrip('.')}: the columns of an update are called as those of {name!r}."
        raise DataError(why, kind=error.kind, file=error.file, column=error.column, choices=error.choices) from error
    job.checkpoint()
    merged = merge(old, new, len(before.updates) + 1)
    job.checkpoint()
    if store:
        updates = (*before.updates, merged.update)
        workspace.add(merged.dataset, replace=True, job=job, updates=updates, before=before)
    return merged.update, overview_of(merged.dataset)


#: The roles of the columns of a log; those of the catalogue are the others.
_OF_LOG = ("user", "item", "rating", "weight", "time", "unrated")


def _options_of(manifest: Manifest, has_log: bool, has_items: bool) -> dict[str, Any]:
    """The options by which a data set of the kind ``table`` was read; the columns that were guessed are named."""
    if manifest.overview.kind != "table":
        return {}
    known: dict[str, Any] = dict(manifest.source.get(_READ_WITH, {}))
    mapping: dict[str, Any] = {}
    for columns in manifest.source.get("guessed_columns", {}).values():
        mapping |= columns
    mapping |= known.get("mapping", {})
    wanted = {role: column for role, column in mapping.items() if (has_log if role in _OF_LOG else has_items)}
    if not has_log:
        known = {option: value for option, value in known.items() if option not in ("where", "user")}
    return {**known, "mapping": wanted or None, "known_day_first": manifest.source.get("day_first")}
