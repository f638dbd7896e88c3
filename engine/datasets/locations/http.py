"""Download a file from a web server: its size is known before, and its sha256 after."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from engine.datasets.formats.limits import as_size
from engine.datasets.locations.address import Address, plain_file_name
from engine.datasets.locations.fetched import Fetched, cannot_be_read, require_room
from engine.datasets.transfer import explain
from engine.errors import DataError
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    import http.client
    from email.message import Message

_TIMEOUT_SECONDS = 20
_BLOCK_BYTES = 1 << 18
#: How often a broken transfer is taken up again where it broke.
_RESUMPTIONS = 3
_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype\s+html|<html)", re.IGNORECASE)
#: Characters of an address that stay as they are, so that one that is encoded already is not encoded again.
_SAFE = "%/:=&?~#+!$,;'@()*[]"


def download(address: Address, folder: Path, job: Job, log: Callable[[str], None]) -> Fetched:
    """Download the file at an address into a folder.

    A transfer that breaks is taken up again where it broke, if the server still has the same file.

    Parameters
    ----------
    address
        The address.
    folder
        Where to put the file.
    job
        Takes the progress in bytes and may be cancelled.
    log
        Called with the size before the transfer begins.

    Raises
    ------
    DataError
        If the server cannot be reached or refuses, the file is too large, what came is a web page, or the address
        leads from an encrypted connection to one that is not.
    """
    import http.client  # not at the top: with it comes ssl, which most readers do not need

    if "*" in address.place:
        raise DataError(f"{address}: a web server lists no files, so a pattern cannot be used; name each file.")
    try:
        with closing(_request(address, 0, None)) as response:
            total = _length(response.headers)
            require_room(str(address), total or 0)
            log(f"Downloading {address} ({'of unknown size' if total is None else as_size(total)}).")
            path = folder / (_stated_name(response.headers) or address.file_name)
            transfer = _Transfer(address, response, total, job)
            with open(path, "wb") as file:
                for block in transfer.blocks():
                    file.write(block)
            return Fetched(path, str(address), transfer.done, transfer.digest.hexdigest())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise cannot_be_read(str(address), _why(error)) from error


class _Transfer:
    """The content of a response, and of those that continue it."""

    def __init__(self, address: Address, response: Any, total: int | None, job: Job) -> None:
        self._address = address
        self._response = response
        self._total = total
        self._job = job
        self._left = _RESUMPTIONS
        # Without such a mark nobody can tell whether the server still has the same file.
        mark = response.headers.get("ETag") or response.headers.get("Last-Modified")
        self._mark = None if mark is None or mark.startswith("W/") else mark
        self.digest = hashlib.sha256()
        self.done = 0

    def blocks(self) -> Iterator[bytes]:
        """The content, block by block."""
        stage = f"downloading {self._address.file_name}"
        while block := self._next():
            self._job.checkpoint()
            if self.done == 0 and _WEB_PAGE.match(block):
                raise DataError(
                    f"{self._address}: the server answered with a web page and not with data, perhaps to ask for a "
                    "login; give the address that downloads the file, or download it in a browser.",
                    file=str(self._address),
                )
            self.done += len(block)
            require_room(str(self._address), self.done)
            self.digest.update(block)
            self._job.report(Progress(stage, self.done, self._total, "bytes"))
            yield block

    def _next(self) -> bytes:
        import http.client

        while True:
            try:
                block: bytes = self._response.read(_BLOCK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                why = explain(error)
            else:
                if block or self._total is None or self.done >= self._total:
                    return block
                why = "the connection was closed"
            if not self._resumed():
                of = "" if self._total is None else f" of {as_size(self._total)}"
                raise DataError(
                    f"{self._address}: the download broke off after {as_size(self.done)}{of} ({why}); try again.",
                    file=str(self._address),
                )

    def _resumed(self) -> bool:
        import http.client

        while self._left and self._mark is not None and self._total is not None:
            self._left -= 1
            self._response.close()
            try:
                self._response = _request(self._address, self.done, self._mark)
            except (OSError, http.client.HTTPException):
                continue
            stated = self._response.headers.get("Content-Range", "")
            return bool(self._response.status == 206 and stated.startswith(f"bytes {self.done}-"))
        return False


def _request(address: Address, start: int, mark: str | None) -> Any:
    import urllib.request

    options = f"?{address.options}" if address.options else ""
    url = f"{address.scheme}://{quote(address.place, safe=_SAFE)}{quote(options, safe=_SAFE)}"
    request = urllib.request.Request(url, headers={"User-Agent": "recsys-tui"})
    if address.user or address.password:
        # Unredirected: another server that this one names must not get the password.
        secret = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {secret}")
    if start and mark is not None:
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", mark)
    return urllib.request.build_opener(_redirects()).open(request, timeout=_TIMEOUT_SECONDS)


def _redirects() -> Any:
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(
            self, req: Any, fp: Any, code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
        ) -> urllib.request.Request | None:
            scheme = urlsplit(newurl).scheme.lower()
            if scheme != "https" and (req.type == "https" or scheme != "http"):
                raise ValueError("it redirects to an address without encryption")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    return Redirects()


def _length(headers: Message) -> int | None:
    length = headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _stated_name(headers: Message) -> str:
    """The name of the file that the server states, for addresses that end with a number or a word."""
    name = headers.get_filename() or ""
    return plain_file_name(unquote(name)) if name else ""


def _why(error: Exception) -> str:
    import urllib.error

    if isinstance(error, urllib.error.HTTPError):
        meaning = {401: "it asks for a password", 403: "access is not allowed", 404: "it has no such file"}
        return f"the server answered {error.code}" + (f": {meaning[error.code]}" if error.code in meaning else "")
    return explain(error)
