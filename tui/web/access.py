"""Who may open the web page: the address it is asked by, the page that asks, and a token.

A browser sends requests for any page that it shows. So a page on the web could reach a server on this machine: by its
address, as a websocket from another origin, or by a name of its own that leads here (DNS rebinding). Every request is
checked for all three, and the page that embeds is checked by the browser.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

#: A token that is made has this many bytes of chance.
_TOKEN_BYTES: Final = 24
#: A token that somebody has chosen must have so many characters.
LEAST_TOKEN: Final = 16
#: Names that lead to this machine alone, whoever answers for names.
_LOOPBACK_NAMES: Final = frozenset({"localhost"})


def make_token() -> str:
    """A new token that cannot be guessed."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def names_of_this_machine() -> frozenset[str]:
    """The names by which this machine knows itself; nobody is asked for them."""
    name = socket.gethostname().casefold()
    return frozenset({name, name.partition(".")[0], f"{name.partition('.')[0]}.local"}) - {""}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open the page.

    Attributes
    ----------
    host
        The address at which the server listens.
    token
        What a request must bring, as a cookie or once in its address; None where none is needed.
    public_url
        The address under which a server in front of this one offers the page; empty where there is none.
    names
        Further names of this machine.
    """

    host: str
    token: str | None = field(default=None, repr=False)
    public_url: str = ""
    names: frozenset[str] = field(default_factory=names_of_this_machine)

    def refuses_host(self, host: str) -> bool:
        """Whether a request must not be answered because of the name that it was sent to.

        A numeric address is no name that somebody else could have pointed here.

        Parameters
        ----------
        host
            The header ``Host``: a name or an address, with or without a port.
        """
        name = _name_of(host)
        if not name:
            return True
        if name == urlsplit(self.public_url).hostname or is_loopback(name):
            return False
        if is_loopback(self.host):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name not in self.names and name != self.host.casefold()
        return False

    def refuses_origin(self, headers: Mapping[str, str], *, websocket: bool) -> bool:
        """Whether a request must not be answered because of the page that sent it.

        Parameters
        ----------
        headers
            Those of the request. Browsers send ``Origin`` with every websocket, and pages cannot change it.
        websocket
            Whether it asks for the websocket, through which keys are sent.
        """
        origin = headers.get("Origin")
        if origin is None:
            embedded = headers.get("Sec-Fetch-Dest", "document") != "document"
            return websocket or (embedded and headers.get("Sec-Fetch-Site") == "cross-site")
        try:
            parts = urlsplit(origin)
        except ValueError:
            return True
        same = parts.scheme in ("http", "https") and parts.netloc.casefold() == headers.get("Host", "").casefold()
        return not (same or (bool(self.public_url) and _origin_of(self.public_url) == origin.casefold()))

    def knows(self, given: str | None) -> bool:
        """Whether the token that a request brings is the right one; how long it takes tells nothing about the token."""
        if self.token is None:
            return True
        return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())


def _name_of(host: str) -> str:
    """The name or address of a ``Host`` header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".casefold()
