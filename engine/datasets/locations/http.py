"""Download a file from a web server: its size is known before, and its sha256 after."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from engine.datasets.formats.limits import as_size
from engine.datasets.locations.address import Address, plain_file_name
from engine.datasets.locations.fetched import Fetched, cannot_be_read, require_room
from engine.datasets.transfer import BrokenTransferError, Transfer, explain, range_headers
from engine.errors import DataError
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    import http.client
    from email.message import Message

_TIMEOUT_SECONDS = 20
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
    if address.place.startswith("…"):
        raise cannot_be_read(str(address), "what follows a colon is no port, and no @ ends it as a password")
    try:
        with closing(Transfer(partial(_request, address))) as transfer:
            require_room(str(address), transfer.total or 0)
            log(f"Downloading {address} ({'of unknown size' if transfer.total is None else as_size(transfer.total)}).")
            path = folder / (_stated_name(transfer.headers) or address.file_name)
            digest = hashlib.sha256()
            with open(path, "wb") as file:
                for block in transfer.blocks():
                    job.checkpoint()
                    if transfer.done == len(block) and _WEB_PAGE.match(block):
                        raise _is_web_page(address)
                    require_room(str(address), transfer.done)
                    digest.update(block)
                    file.write(block)
                    job.report(Progress(f"downloading {address.file_name}", transfer.done, transfer.total, "bytes"))
            return Fetched(path, str(address), transfer.done, digest.hexdigest())
    except BrokenTransferError as error:
        of = "" if transfer.total is None else f" of {as_size(transfer.total)}"
        raise DataError(
            f"{address}: the download broke off after {as_size(error.done)}{of} ({error.why}); try again.",
            file=str(address),
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise cannot_be_read(str(address), _why(error)) from error


def _is_web_page(address: Address) -> DataError:
    return DataError(
        f"{address}: the server answered with a web page and not with data, perhaps to ask for a login; give the "
        "address that downloads the file, or download it in a browser.",
        file=str(address),
    )


def _request(address: Address, start: int, mark: str | None) -> Any:
    import urllib.request

    options = f"?{address.options}" if address.options else ""
    url = f"{address.scheme}://{quote(address.place, safe=_SAFE)}{quote(options, safe=_SAFE)}"
    request = urllib.request.Request(url, headers={"User-Agent": "recsys-tui", **range_headers(start, mark)})
    if address.user or address.password:
        # Unredirected: another server that this one names must not get the password.
        secret = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {secret}")
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
