"""From files to a data set: one reader for each kind of source.

Importing this package loads none of pandas, pyarrow and torch; the readers are imported when one is needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.datasets.formats.files import Files
    from engine.runtime.job import Job

    #: Kind -> what its reader reads, in one line. Made at the first use, since it imports the readers.
    KINDS: Mapping[str, str]


def __getattr__(name: str) -> Any:
    if name != "KINDS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from engine.datasets.registry import readers

    return {kind: reader.title for kind, reader in readers().items()}


def read(
    name: str,
    kind: str | None = None,
    *,
    items: str | Path | None = None,
    ratings: str | Path | None = None,
    links: str | Path | None = None,
    source: str | Path | None = None,
    mapping: Mapping[str, str | Sequence[str]] | None = None,
    job: Job | None = None,
) -> Dataset:
    """Read files into a data set.

    Parameters
    ----------
    name
        The name of the data set.
    kind
        One of ``KINDS``. If None, the readers recognise their files by names and headers; without any file, ``demo``
        is the bundled data set.
    items, ratings, links
        One file each: plain, ``.gz``, or a ``.zip`` with one fitting member.
    source
        A folder or an archive that holds all files.
    mapping
        For the kind ``table``: role -> column, such as ``{"user": "uid", "item": "sku", "text": ["name", "about"]}``.
    job
        Takes the progress in rows and is asked between blocks whether to stop.

    Returns
    -------
    Dataset
        Its ``skipped`` has the number of rows left out for each reason. Its ``source`` has ``"files"`` (role, name,
        rows, kept and skipped of each file; ``rows`` is ``kept`` plus all of ``skipped``) and ``"notes"`` (sentences).

    Raises
    ------
    DataError
        If a file is not what it should be, or no reader recognises the files. The error has the file, and the row and
        the column where there are such.
    OptionError
        If there is no such kind, or ``mapping`` names an unknown role.
    CancelledError
        If the job was cancelled.
    """
    files = _files(items, ratings, links, source, mapping)
    from engine.datasets.registry import get, recognise

    if kind is None and name == "demo" and files.empty:
        kind = "demo"
    reader = recognise(files) if kind is None else get(kind)
    return reader.read(name, files, job)


def guess_kind(
    items: str | Path | None = None,
    ratings: str | Path | None = None,
    links: str | Path | None = None,
    source: str | Path | None = None,
) -> str:
    """The kind of data set that files hold, by their names and headers.

    Raises
    ------
    DataError
        If no reader recognises them, or several are equally sure.
    """
    files = _files(items, ratings, links, source, None)
    from engine.datasets.registry import recognise

    return recognise(files).kind


def _files(
    items: str | Path | None,
    ratings: str | Path | None,
    links: str | Path | None,
    source: str | Path | None,
    mapping: Mapping[str, str | Sequence[str]] | None,
) -> Files:
    from engine.datasets.formats.arrow import import_arrow

    import_arrow()
    from engine.datasets.formats.files import Files

    return Files(_path(items), _path(ratings), _path(links), _path(source), mapping or {})


def _path(path: str | Path | None) -> Path | None:
    # os.path.expanduser leaves the ~ of an unknown user as it is; Path.expanduser would raise.
    return None if path is None else Path(os.path.expanduser(path))
