"""Files of web servers, block by block; a transfer whose connection breaks is gone on with where it broke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from engine.runtime.job import Job, Progress
from engine.storage.atomic import describe_os_error

if TYPE_CHECKING:
    from email.message import Message

_CONNECT_SECONDS = 10
_BLOCK_BYTES = 1 << 18
#: How often a transfer is gone on with after its connection broke.
_RESUMPTIONS = 3


class TransferError(Exception):
    """What came is not what was asked for, or not all of it came.

    It is no OSError, which whoever writes the bytes would take for one of the disk.
    """


class BrokenTransferError(TransferError):
    """The connection broke, and the transfer cannot be gone on with.

    Attributes
    ----------
    done
        The bytes that came before.
    why
        Why the connection broke, in a few words.
    """

    def __init__(self, done: int, why: str) -> None:
        super().__init__(f"the connection broke after {done:,} bytes: {why}")
        self.done = done
        self.why = why


class Transfer:
    """The content of a file on a web server, over as many connections as it takes.

    Parameters
    ----------
    open_from
        Opens a response: from which byte on, and the mark by which the server knows the version of the file, or None.
    has_checksum
        Whether the content is compared with a known checksum afterwards. A transfer of other files is only gone on with
        if the server can tell that it still has the same file.

    Attributes
    ----------
    headers
        Those of the first response.
    total
        The size of the file in bytes; None if the server does not say it.
    done
        The bytes that came so far.
    """

    def __init__(self, open_from: Callable[[int, str | None], Any], *, has_checksum: bool = False) -> None:
        self._open_from = open_from
        self._response = open_from(0, None)
        self._has_checksum = has_checksum
        self._left = _RESUMPTIONS
        self.headers: Message = self._response.headers
        length = self.headers.get("Content-Length", "")
        self.total = int(length) if length.isdigit() else None
        mark = self.headers.get("ETag") or self.headers.get("Last-Modified")
        self._mark = None if mark is None or mark.startswith("W/") else mark
        self.done = 0

    def close(self) -> None:
        """Close the connection."""
        self._response.close()

    def blocks(self) -> Iterator[bytes]:
        """The content, block by block.

        Raises
        ------
        BrokenTransferError
            If the connection breaks for good.
        """
        while block := self._next():
            self.done += len(block)
            yield block

    def _next(self) -> bytes:
        import http.client  # not at the top: with it comes ssl, which readers do not need

        while True:
            try:
                block: bytes = self._response.read(_BLOCK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                why = explain(error)
            else:
                if block or self.total is None or self.done >= self.total:
                    return block
                why = "it was closed early"
            if not self._goes_on():
                raise BrokenTransferError(self.done, why)

    def _goes_on(self) -> bool:
        import http.client

        if not self.done or not (self._has_checksum or (self._mark is not None and self.total is not None)):
            return False
        while self._left:
            self._left -= 1
            self._response.close()
            try:
                self._response = self._open_from(self.done, self._mark)
            except (OSError, http.client.HTTPException):
                continue
            stated = self._response.headers.get("Content-Range", "")
            right_place = stated.startswith(f"bytes {self.done}-") or (self._has_checksum and not stated)
            return bool(getattr(self._response, "status", 200) == 206 and right_place)
        return False


def range_headers(start: int, mark: str | None) -> dict[str, str]:
    """The headers of a request for the rest of a file, if the server still has the version with this mark."""
    if not start:
        return {}
    return {"Range": f"bytes={start}-"} | ({} if mark is None else {"If-Range": mark})


def receive(url: str, name: str, job: Job, *, limit: int) -> Iterator[bytes]:
    """The content at an address, block by block, to be compared with a checksum.

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
        bytes, or the connection breaks for good.
    """
    import http.client
    import urllib.request

    def open_from(start: int, mark: str | None) -> Any:
        headers = {"User-Agent": "recsys-tui", **range_headers(start, mark)}
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_CONNECT_SECONDS)
        if not response.geturl().startswith("https://"):
            response.close()
            raise TransferError("it was redirected away from HTTPS")
        return response

    try:
        transfer = Transfer(open_from, has_checksum=True)
    except (OSError, http.client.HTTPException) as error:
        raise TransferError(explain(error)) from error
    with closing(transfer):
        total = transfer.total
        if total is not None and total > limit:
            raise TransferError(f"the file has {total:,} bytes, more than the {limit:,} that are taken at most")
        for block in transfer.blocks():
            job.checkpoint()
            if transfer.done > limit:
                raise TransferError(f"more than {limit:,} bytes came, which is the most that is taken")
            job.report(Progress(f"downloading {name}", transfer.done, total, "bytes"))
            yield block


def explain(error: Exception) -> str:
    """Why a download failed, in a few words: ``the server answered 404``, ``timed out``."""
    import urllib.error

    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, urllib.error.URLError):
        if not isinstance(error.reason, OSError):
            return str(error.reason)
        error = error.reason
    return describe_os_error(error) if isinstance(error, OSError) else str(error) or type(error).__name__
