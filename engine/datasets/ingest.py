"""From files, or from a name alone, to a stored data set: what `datasets add` does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.datasets import FETCHABLE, read
from engine.errors import DataError, OptionError
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
    say: Callable[[str], None] = _silent,
) -> Manifest:
    """Read a data set and store it.

    Without any file, ``demo`` (as the name or as the kind) is the bundled one, and the names that
    :mod:`engine.datasets.releases` knows are fetched from their publisher.

    Parameters
    ----------
    workspace
        Where to store it.
    name
        Under which name.
    kind, items, ratings, links, source, mapping
        As :func:`engine.datasets.read` takes them.
    replace
        Whether a data set of the same name gives way.
    job
        Takes the progress and may be cancelled.
    say
        Takes sentences for a person, such as the licence of what is fetched.

    Raises
    ------
    DataError
        If the name is taken, a file is not what it should be, or nothing can be written. Nothing is then stored.
    OptionError
        If no file is given and the name is none that could be fetched.
    """
    job = job or Job()
    # Asked before a long read, not after it.
    if name in workspace and not replace:
        raise DataError(f"A data set named {name!r} is already there: choose another name, or add --replace.")
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

    if name not in FETCHABLE:
        raise OptionError(
            f"Nothing says where {name!r} comes from: name its files with --items, --ratings or --from "
            f"(without files only demo, {', '.join(FETCHABLE)} can be added)."
        )
    from engine.datasets.releases import fetch

    with tempfile.TemporaryDirectory(prefix="recsys-tui-") as folder:
        archive = fetch(name, Path(folder), job, say)
        dataset = read(name, kind, source=archive, job=job)
        return workspace.add(dataset, replace=replace)
