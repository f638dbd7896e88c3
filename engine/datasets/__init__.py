"""From files to a data set: one reader for each kind of source.

Importing this package loads none of pandas, pyarrow and torch; the readers are imported when one is needed.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import OptionError

if TYPE_CHECKING:
    import numpy.typing as npt

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
    known_day_first: Mapping[str, Mapping[str, bool]] | None = None,
    known_items: npt.NDArray[Any] | None = None,
    max_size: int | None = None,
    job: Job | None = None,
    log: Callable[[str], None] | None = None,
) -> Dataset:
    """Read files into a data set.

    Each file is a path or an address: ``https://…``, ``s3://bucket/log/part-*.parquet`` and ``gs://…`` are downloaded
    to a temporary folder, ``sqlite:///shop.db?table=orders`` and ``postgresql://…?query=SELECT …`` are read block by
    block. Nothing else is contacted.

    Parameters
    ----------
    name
        The name of the data set.
    kind
        One of ``KINDS``. If None, the readers recognise their files by names and headers; without any file, ``demo``
        is the bundled data set.
    items, ratings, links
        One file each: plain, ``.gz``, or a ``.zip`` with one fitting member; ``book.xlsx#Sheet`` is a sheet of a
        workbook. For the kind ``table`` several files of ratings are one log, and a pattern such as
        ``part-*.parquet`` stands for all files that fit.
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
    known_day_first
        For the kind ``table``: ``"ratings"`` or ``"items"`` -> column -> the same for one column, as the ``source`` of
        a data set has it under ``"day_first"``. It goes before ``day_first``.
    known_items
        The ids of the items of the data set that the files continue. A reader that leaves out the ratings of items
        that are in no catalogue keeps those of these items.
    max_size
        How many bytes one archive may unpack to, and one address may give. If None, an archive may unpack to 256 MB or
        to 100 times its size, and an address may give 4 GB.
    job
        Takes the progress in rows and is asked between blocks whether to stop.
    log
        Called with a sentence before each download, which says how large it is.

    Returns
    -------
    Dataset
        Its ``skipped`` has the number of rows left out for each reason. Its ``source`` has ``"files"`` (role, name,
        rows, kept and skipped of each file; ``rows`` is ``kept`` plus all of ``skipped``), ``"notes"`` (sentences),
        ``"day_first"`` (role of a file -> column -> whether its dates were read with the day first, where that makes a
        difference), and for addresses ``"addresses"`` (name, address without any password, bytes and sha256, or the
        rows of a database).

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
    from engine.datasets.formats.arrow import import_arrow

    import_arrow()
    from engine.datasets.formats.files import Files
    from engine.datasets.formats.limits import size_limit
    from engine.datasets.locations.local_copies import LocalCopies

    codec = _codec(encoding)
    with size_limit(max_size), LocalCopies(job, log, header=header) as copies:
        logs, catalogues = copies.several(ratings), copies.several(items)
        files = Files(
            catalogues[0] if catalogues else None,
            logs[0] if logs else None,
            copies.one(links),
            copies.one(source),
            mapping or {},
            more_ratings=tuple(logs[1:]),
            more_items=tuple(catalogues[1:]),
            where=where or {},
            user=user,
            join=None if join is None else (copies.path(join[0]), join[1]),
            header=header,
            encoding=codec,
            day_first=day_first,
            known_day_first=known_day_first or {},
            known_items=known_items,
        )
        return copies.described(_read(name, kind, files, job))


def _read(name: str, kind: str | None, files: Files, job: Job | None) -> Dataset:
    from engine.datasets.registry import get, recognise

    if kind is None and files.only_for_tables:
        kind = "table"
    if kind is None and name == "demo" and files.empty:
        kind = "demo"
    if kind not in (None, "table") and files.only_for_tables:
        raise OptionError(
            f"The kind {kind!r} has columns of its own; a mapping, a selection of rows, a person's name, a join, "
            "what comes first in dates, and several files of ratings or of items are for the kind 'table'.",
            name=kind,
        )
    reader = recognise(files) if kind is None else get(kind)
    return reader.read(name, files, job)


def _codec(encoding: str | None) -> str:
    if encoding is None:
        return "utf-8"
    try:
        "a".encode(encoding)  # codecs such as hex and rot13 are there too, and are none of text
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise OptionError(f"There is no encoding {encoding!r}: name one such as utf-8, cp1252 or shift_jis.") from None


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
    from engine.datasets.formats.arrow import import_arrow

    import_arrow()
    from engine.datasets.formats.files import Files
    from engine.datasets.locations.local_copies import LocalCopies
    from engine.datasets.registry import recognise

    with LocalCopies() as copies:
        files = Files(copies.one(items), copies.one(ratings), copies.one(links), copies.one(source))
        return recognise(files).kind
