"""Read a data set from files, or download it by its name, and store it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.datasets import read
from engine.errors import ErrorKind, OptionError
from engine.runtime.job import Job
from engine.workspace.dataset_store import DEMO, Manifest, Workspace


def _silent(_: str) -> None:
    return None


def add(
    workspace: Workspace,
    name: str,
    *,
    kind: str | None = None,
    items: Path | None = None,
    ratings: Path | None = None,
    links: Path | None = None,
    source: Path | None = None,
    mapping: Mapping[str, str | Sequence[str]] | None = None,
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
    kind, items, ratings, links, source, mapping
        As :func:`engine.datasets.read` takes them.
    replace
        Whether to replace a stored data set of the same name.
    job
        Takes the progress and may be cancelled.
    log
        Called with sentences for a person, such as the licence of a download.

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
            job=job,
        )
        return workspace.add(dataset, replace=replace)

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
        return workspace.add(dataset, replace=replace)
