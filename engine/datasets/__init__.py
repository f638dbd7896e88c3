"""From files to a data set: one reader for each kind of source.

Importing this package loads none of pandas, pyarrow and torch; the readers are imported when one is needed.
"""

from __future__ import annotations

import codecs
import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import OptionError

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
        One file each: plain, ``.gz``, or a ``.zip`` with one fitting member. For the kind ``table`` several files of
        ratings are one log.
    source
        A folder or an archive that holds all files.
    mapping
        For the kind ``table``: role -> column, such as ``{"user": "uid", "item": "sku", "text": ["name", "about"]}``.
        ``"#3"`` is the third column, and ``""`` turns the guess for a role off. ``{"unrated": "0"}`` says which rating
        means "not rated".
    where
        For the kind ``table``: column -> value. The other rows of the ratings are left out.
    user
        For the kind ``table``: the person whose ratings these are, where no column says it.
    join
        For the kind ``table``: a file with further columns of the ratings, and the column that both files have, such as
        ``("orders.csv", "order_id")`` where the orders say whose they are.
    header
        For the kind ``table``: whether the first row of a text holds the names of the columns. If None, it does unless
        it looks like the rows below it. Columns without names are called ``#1``, ``#2`` and so on.
    encoding
        For the kind ``table``: the encoding of a text, such as ``"cp1251"``. If None, it is UTF-8 or UTF-16, or what is
        not UTF-8 is Windows-1252.
    day_first
        For the kind ``table``: whether 03/04/2024 is the third of April. If None, the other dates of the column tell.
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
        If there is no such kind, ``mapping`` names an unknown role or one that no file uses, or the kind does not take
        a mapping, several files of ratings, ``where`` or ``user``.
    CancelledError
        If the job was cancelled.
    """
    several = [] if ratings is None else [ratings] if isinstance(ratings, (str, Path)) else list(ratings)
    several = [path for one in several for path in _parts(one)]
    files = _files(items, several[0] if several else None, links, source, mapping)
    more = tuple(Path(os.path.expanduser(path)) for path in several[1:])
    joined = None if join is None else (Path(os.path.expanduser(join[0])), join[1])
    files = replace(
        files, more_ratings=more, where=where or {}, user=user, join=joined, header=header, day_first=day_first
    )
    files = replace(files, encoding=_codec(encoding))
    from engine.datasets.registry import get, recognise

    if kind is None and files.only_for_tables:
        kind = "table"
    if kind is None and name == "demo" and files.empty:
        kind = "demo"
    if kind not in (None, "table") and files.only_for_tables:
        raise OptionError(
            f"The kind {kind!r} has columns of its own; a mapping, a selection of rows, a person's name, a join and "
            "several files of ratings are for the kind 'table'.",
            name=kind,
        )
    reader = recognise(files) if kind is None else get(kind)
    return reader.read(name, files, job)


def _codec(encoding: str | None) -> str:
    if encoding is None:
        return "utf-8"
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise OptionError(f"There is no encoding {encoding!r}: name one such as utf-8, cp1252 or shift_jis.") from None


def _parts(path: str | Path) -> list[str | Path]:
    """The files that a pattern such as ``part-*.parquet`` stands for, by name; any other path as it is."""
    pattern = os.path.expanduser(path)
    if glob.has_magic(pattern) and not os.path.lexists(pattern):
        return sorted(glob.glob(pattern)) or [path]
    return [path]


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
