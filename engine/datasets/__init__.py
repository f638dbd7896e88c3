"""One reader a source: files to a data set.

Importing this package loads none of pandas, pyarrow and torch; a reader is imported when it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import OptionError
from engine.runtime.lazy_import import import_in_background

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.runtime.job import Job

#: Kind -> what it reads, in one line. Each has a module of its name here.
KINDS: Mapping[str, str] = {
    "demo": "the bundled films and series with a simulated audience",
    "anime": "Anime Recommendations Database: anime.csv and rating.csv",
    "movies": "The Movies Dataset: ratings, movies_metadata and links",
    "movielens": "any MovieLens release: u.data, ratings.dat or ratings.csv with its films",
    "recbole": "RecBole atomic files: .inter and .item",
    "table": "any CSV, TSV, JSONL or Parquet with columns for user, item, rating, time",
}

#: Names that :func:`engine.datasets.releases.fetch` can bring from their publisher.
FETCHABLE = ("ml-100k", "ml-latest-small", "ml-1m")


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
        What to call it.
    kind
        One of :data:`KINDS`; guessed from names and headers if None.
    items, ratings, links
        One file each: plain, ``.gz``, or a ``.zip`` with one fitting member.
    source
        A folder or archive that holds them all.
    mapping
        For ``table``: role -> column, such as ``{"user": "uid", "item": "sku", "text": ["name", "about"]}``.
    job
        Progress in rows, and cancel between blocks.

    Returns
    -------
    Dataset
        With ``skipped`` (reason -> rows) and ``source``: ``"files"`` (role, name, rows, kept and skipped of each; the
        last three always add up) and ``"notes"`` (plain sentences).

    Raises
    ------
    DataError
        If a file is not what it should be: one sentence that says what, where and what to do.
    OptionError
        If there is no such kind, or ``mapping`` names an unknown role.
    CancelledError
        If the job was cancelled.
    """
    _import_arrow()
    from engine.datasets.formats.files import Files

    files = Files(_path(items), _path(ratings), _path(links), _path(source), mapping or {})
    if kind is None:
        named = (files.items, files.ratings, files.links, files.source)
        kind = "demo" if name == "demo" and not any(named) else guess_kind(*named)
    if kind not in KINDS:
        raise OptionError(f"There is no kind {kind!r} of data set: use one of {', '.join(KINDS)}.")
    reader = import_module(f"engine.datasets.{kind}")
    dataset: Dataset = reader.read(name, files, job)
    return dataset


def _import_arrow() -> None:
    # pandas too: pyarrow imports it of its own accord when it first makes an array of Python objects.
    import_in_background("pyarrow", "pyarrow.compute", "pyarrow.csv", "pandas")


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(os.path.expanduser(path))  # leaves the ~ of an unknown user as it is


def guess_kind(
    items: Path | None = None, ratings: Path | None = None, links: Path | None = None, source: Path | None = None
) -> str:
    """Tell from names and headers which reader fits. See :func:`engine.datasets.formats.detect.guess_kind`."""
    _import_arrow()
    from engine.datasets.formats import detect as guess

    return guess.guess_kind(items, ratings, links, source)
