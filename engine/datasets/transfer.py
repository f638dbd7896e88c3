"""Bytes over HTTPS: no more than expected, and gone on with where the connection broke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from engine.runtime.job import Job, Progress
from engine.storage.atomic import describe_os_error

_CONNECT_SECONDS = 10
_BLOCK_BYTES = 1 << 18
#: How often a transfer is gone on with after its connection broke.
_RESUMPTIONS = 3


class TransferError(Exception):
    """What came is not what was asked for, or not all of it came."""


def receive(url: str, name: str, job: Job, *, limit: int) -> Iterator[bytes]:
    """The content at an address, block by block.

    Parameters
    ----------
    url
        The address, with ``https``.
    name
        What a person calls it, for the progress.
    job
        Takes the progress in bytes and may be cancelled.
    limit
        The most bytes to take.

    Raises
    ------
    TransferError
        If the server cannot be reached, answers with an error, redirects away from HTTPS, sends more than ``limit``
        bytes, or the connection breaks for good. It is no OSError, which whoever writes the bytes would take for one
        of the disk.
    """
    import http.client  # not at the top: with it comes ssl, which readers do not need

    done, total, resumptions = 0, None, _RESUMPTIONS
    while True:
        with closing(_open(url, done)) as response:
            if not response.geturl().startswith("https://"):
                raise TransferError("it was redirected away from HTTPS")
            if done and getattr(response, "status", 200) != 206:
                raise TransferError(
                    f"the connection broke after {done:,} bytes, and the server cannot go on from there"
                )
            length = response.headers.get("Content-Length", "")
            total = done + int(length) if length.isdigit() else None
            if total is not None and total > limit:
                raise TransferError(f"the file has {total:,} bytes, more than the {limit:,} that are taken at most")
            why = "it ended early"
            while True:
                job.checkpoint()
                try:
                    block = response.read(_BLOCK_BYTES)
                except (OSError, http.client.HTTPException) as error:
                    block, why = b"", explain(error)
                if not block:
                    break
                done += len(block)
                if done > limit:
                    raise TransferError(f"more than {limit:,} bytes came, which is the most that is taken")
                job.report(Progress(f"downloading {name}", done, total, "bytes"))
                yield block
        if why == "it ended early" and (total is None or done >= total):
            return
        if not done or not resumptions:
            raise TransferError(f"the connection broke after {done:,} bytes: {why}")
        resumptions -= 1


def _open(url: str, start: int) -> Any:
    import http.client
    import urllib.request

    headers = {"User-Agent": "recsys-tui", **({"Range": f"bytes={start}-"} if start else {})}
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_CONNECT_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        raise TransferError(explain(error)) from error


def explain(error: Exception) -> str:
    """Why a download failed, in a few words: ``the server answered 404``, ``timed out``."""
    import urllib.error

    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    return describe_os_error(error) if isinstance(error, OSError) else str(error) or type(error).__name__
