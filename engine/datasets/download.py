"""Data sets as Spotlight's functions give them: interactions alone, under the publisher's own integer ids."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.datasets.build.interactions import Log, read_log
from engine.datasets.formats.rows import Rows, find_columns
from engine.errors import DataError
from engine.interactions import Interactions
from engine.runtime.job import Job, Progress
from engine.storage.atomic import describe_os_error, writing
from engine.storage.paths import find_paths

_CONNECT_SECONDS = 10
_BLOCK_BYTES = 1 << 18


def download(url: str, job: Job | None = None, *, md5_url: str | None = None) -> Path:
    """Bring a file over HTTPS into the cache, or find it there.

    Parameters
    ----------
    url
        Where it is published.
    job
        Progress in bytes, and cancel.
    md5_url
        Where the publisher says what its md5 sum is. Both come over HTTPS, so this guards against a broken transfer;
        what is in the file is checked by its readers.

    Raises
    ------
    DataError
        If it could not be had; the sentence says where to get it by hand.
    """
    name = url.rsplit("/", 1)[-1]
    file = find_paths().cache / "downloads" / name
    if file.is_file():
        return file
    job = job or Job()
    try:
        expected = None if md5_url is None else b"".join(_blocks(md5_url, name, Job())).decode("ascii").lower()
        digest = hashlib.md5(usedforsecurity=False)
        with writing(file) as temporary:
            with open(temporary, "wb") as out:
                for block in _blocks(url, name, job):
                    out.write(block)
                    digest.update(block)
            if expected is not None and digest.hexdigest() not in expected:
                raise DataError(f"What came from {url} is not what the publisher's md5 sum is of: try again.")
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        raise DataError(
            f"{name} could not be fetched ({_explain(error)}): get {url} by hand, and give it as path=…."
        ) from error
    return file


def _explain(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    return describe_os_error(error) if isinstance(error, OSError) else str(error) or type(error).__name__


def _blocks(url: str, name: str, job: Job) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": "recsys-tui"})
    with closing(urllib.request.urlopen(request, timeout=_CONNECT_SECONDS)) as response:
        if not response.geturl().startswith("https://"):
            raise DataError(f"{url} leads away from HTTPS: get it by hand, and give it as path=….")
        length = response.headers.get("Content-Length", "")
        total, done = (int(length) if length.isdigit() else None), 0
        while block := response.read(_BLOCK_BYTES):
            job.checkpoint()
            done += len(block)
            job.report(Progress(f"fetching {name}", done, total, "bytes"))
            yield block
        if total is not None and done < total:
            raise DataError(f"{url} broke off after {done} of {total} bytes: try again.")


def read_interactions(
    rows: Rows,
    required: Mapping[str, Sequence[str]],
    optional: Mapping[str, Sequence[str]],
    job: Job | None = None,
) -> Interactions:
    """Read a file of interactions, with the ids that stand in it.

    Parameters
    ----------
    rows
        The file.
    required, optional
        Role (``user``, ``item``, ``rating``, ``time``) -> the names that its column may have.
    job
        Progress and cancel.

    Raises
    ------
    DataError
        If it is not what it should be, or its ids are no integers.
    """
    log = read_log(rows, find_columns(rows, required, optional), job)
    return Interactions(
        _outside_ids(log, "users", rows.name),
        _outside_ids(log, "items", rows.name),
        ratings=log.ratings,
        timestamps=log.times,
    )


def require_count(interactions: Interactions, expected: int, title: str, where: str | Path) -> None:
    """See to it that nothing is missing.

    Raises
    ------
    DataError
        If the number of interactions is another than the publisher's.
    """
    if len(interactions) != expected:
        raise DataError(
            f"{where} has {len(interactions):,} ratings, and {title} has {expected:,}: it is cut short or another set."
        )


def _outside_ids(log: Log, column: str, name: str) -> npt.NDArray[np.int32]:
    coded = getattr(log, column)
    ids = coded.ids.to_numpy(zero_copy_only=False)
    if ids.dtype.kind not in "iu":
        raise DataError(f"{name}: its {column[:-1]} ids are not whole numbers, such as {ids[0]!r}.")
    outside: npt.NDArray[np.int32] = ids.astype(np.int32)[coded.codes]
    return outside
