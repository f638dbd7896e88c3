"""Parts of Spotlight's data set functions: download a file, and read interactions with integer ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.datasets.build.interactions import Log, read_log
from engine.datasets.formats.rows import Rows, find_columns
from engine.datasets.transfer import TransferError, receive
from engine.errors import DataError, ErrorKind
from engine.interactions import Interactions
from engine.runtime.job import Job
from engine.storage.atomic import writing
from engine.storage.paths import find_paths

#: The largest of the files has 200 MB, and the text with a checksum one line.
_MOST_BYTES, _MOST_BYTES_OF_A_CHECKSUM = 1 << 30, 1 << 12


def download(url: str, job: Job | None = None, *, md5_url: str | None = None) -> Path:
    """Download a file over HTTPS into the cache, unless it is already there.

    Parameters
    ----------
    url
        The address of the file.
    job
        Takes the progress in bytes and may be cancelled.
    md5_url
        The address of a text with the md5 sum of the file. This detects a damaged transfer; the content is checked
        when the file is read.

    Returns
    -------
    Path
        The file in the cache.

    Raises
    ------
    DataError
        If the download failed; the sentence says what a person can download instead.
    """
    name = url.rsplit("/", 1)[-1]
    file = find_paths().cache / "downloads" / name
    if file.is_file():
        return file
    job = job or Job()
    try:
        expected = None
        if md5_url is not None:
            expected = b"".join(receive(md5_url, name, Job(), limit=_MOST_BYTES_OF_A_CHECKSUM)).decode("ascii").lower()
        digest = hashlib.md5(usedforsecurity=False)
        with writing(file) as temporary:
            with open(temporary, "wb") as out:
                for block in receive(url, name, job, limit=_MOST_BYTES):
                    out.write(block)
                    digest.update(block)
            if expected is not None and digest.hexdigest() not in expected:
                raise DataError(f"{url} was not transferred correctly (its md5 sum is wrong): try again.", file=url)
    except (TransferError, UnicodeDecodeError) as error:
        raise DataError(
            f"{name} could not be downloaded ({error}): download {url} by hand, and give it as path=….",
            kind=ErrorKind.NOT_DOWNLOADED,
            file=url,
        ) from error
    return file


def read_interactions(
    rows: Rows,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]],
    job: Job | None = None,
) -> Interactions:
    """Read a file of interactions with integer ids, which are kept.

    Parameters
    ----------
    rows
        The file.
    required, optional
        Role (``user``, ``item``, ``rating``, ``time``) -> the names that its column may have.
    job
        Takes the progress and may be cancelled.

    Raises
    ------
    DataError
        If the file is not what it should be, or its ids are not integers.
    """
    log = read_log(rows, find_columns(rows, required, optional), job)
    return Interactions(
        _external_ids(log, "users", rows.name),
        _external_ids(log, "items", rows.name),
        ratings=log.ratings,
        timestamps=log.times,
    )


def require_count(interactions: Interactions, expected: int, title: str, where: str | Path) -> None:
    """Raise DataError if the number of interactions is not the number that the publisher states.

    Parameters
    ----------
    interactions
        What was read.
    expected
        The number that the publisher states.
    title, where
        The name of the data set and the place of its file, for the message.
    """
    if len(interactions) != expected:
        raise DataError(
            f"{where} has {len(interactions):,} ratings, and {title} has {expected:,}: the file is cut short, or "
            "of another data set.",
            file=str(where),
        )


def _external_ids(log: Log, column: str, name: str) -> npt.NDArray[np.int32]:
    coded = getattr(log, column)
    ids = coded.ids.to_numpy(zero_copy_only=False)
    if ids.dtype.kind not in "iu":
        raise DataError(f"{name}: its {column[:-1]} ids are not whole numbers; one is {ids[0]!r}.", file=name)
    external: npt.NDArray[np.int32] = ids.astype(np.int32)[coded.codes]
    return external
