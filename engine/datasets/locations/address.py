"""Addresses such as ``https://…``, ``s3://…`` and ``postgresql://…``, and what may be shown of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, unquote_plus

from engine.datasets.formats.shown import shortened
from engine.errors import OptionError

WEB = ("http", "https")
OBJECT_STORES = ("s3", "gs")
#: Other spellings of a scheme.
_SAME = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "postgres": "postgresql"}
#: One letter is a drive of Windows.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
#: What a Path makes of an address.
_COLLAPSED = re.compile(r"(https?|s3|gs|sqlite|postgres(?:ql)?)(?:\+\w+)?:[/\\]+[^/\\]")
#: A question mark is also a letter of patterns, so options of an object store are known by their names.
_STORE_OPTIONS = re.compile(r"\?(?=(?:region|endpoint_override|scheme)=)")
#: A password that was not encoded can hold a question mark, so the options of a database are known by their names too.
_DATABASE_OPTIONS = re.compile(r"\?(?=(?:[^?]*&)?(?:query|table)=)")
_QUERY, _TABLE = "query", "table"
_LONGEST_SHOWN = 120
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart.

    Attributes
    ----------
    scheme
        In lower case and in its usual spelling: ``"https"``, ``"s3"``, ``"postgresql+psycopg"``.
    place
        What follows ``://``, without options and without the user.
    user, password
        Empty where the address has none; they are never shown or stored.
    options
        What follows ``?``, as it was written.
    fragment
        What follows ``#`` in the address of a web server: the sheet of a workbook.
    """

    scheme: str
    place: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    options: str = field(repr=False)
    fragment: str = field(default="", repr=False)

    @property
    def is_web(self) -> bool:
        """Whether a web server has the data."""
        return self.scheme in WEB

    @property
    def is_object_store(self) -> bool:
        """Whether an object store has the data."""
        return self.scheme in OBJECT_STORES

    @property
    def is_database(self) -> bool:
        """Whether a database has the data."""
        return self.scheme.partition("+")[0] in ("sqlite", "postgresql") or (
            not self.is_web and not self.is_object_store and bool(self.query or self.table)
        )

    @property
    def query(self) -> str:
        """The query of a database; empty if there is none.

        It is taken as it is if it contains a space, and else decoded as in other addresses.
        """
        return self._option(_QUERY)

    @property
    def table(self) -> str:
        """The table of a database; empty if there is none."""
        return self._option(_TABLE)

    @property
    def other_options(self) -> str:
        """The options of a database that are not for this program, as they were written."""
        before = re.split(rf"(?:^|&){_QUERY}=", self.options, maxsplit=1)[0]
        return "&".join(one for one in before.split("&") if one and not one.startswith(f"{_TABLE}="))

    @property
    def file_name(self) -> str:
        """The name of the file at this address."""
        return plain_file_name(unquote(self.place) if self.is_web else self.place)

    def __str__(self) -> str:
        """The address without user, password and signed options, for a person and for what is stored."""
        shown = f"{self.scheme}://{self.place}"
        if self.is_database:
            asked = f"?query={self.query}" if self.query else f"?table={self.table}" if self.table else ""
            shown += asked
        elif self.is_web and self.options:
            shown += "?…"
        return shortened(shown, _LONGEST_SHOWN)

    def _option(self, name: str) -> str:
        found = re.search(rf"(?:^|&){name}=(.*)", self.options, re.DOTALL)
        if found is None:
            return ""
        text = found[1]
        if name == _QUERY and re.search(r"\s", text.strip()):
            return text.strip()
        return unquote_plus(text.partition("&")[0]).strip()


def parse(text: str | Path) -> Address | None:
    """Take an address apart; None for a path.

    Raises
    ------
    OptionError
        If it is an address that was made a Path, which loses one of its slashes.
    """
    if isinstance(text, Path):
        collapsed = _COLLAPSED.match(str(text))
        if collapsed and not text.exists():
            raise OptionError(f"Give an address such as {collapsed[1]}://… as text, since a Path changes its slashes.")
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    scheme = found[1].lower()
    dialect, plus, driver = scheme.partition("+")
    scheme = _SAME.get(dialect, dialect) + plus + driver
    mark = (_STORE_OPTIONS if scheme in OBJECT_STORES else _DATABASE_OPTIONS).search(found[2])
    if scheme in OBJECT_STORES or (mark and scheme not in WEB):
        place, rest = (found[2][: mark.start()], found[2][mark.end() :]) if mark else (found[2], "")
    else:
        place, _, rest = found[2].partition("?")
    fragment = ""
    if scheme in WEB:
        place, _, of_place = place.partition("#")
        rest, _, of_options = rest.partition("#")
        fragment = unquote(of_options or of_place)
    place, user = _without_user(place, has_port=scheme in WEB)
    name, _, password = user.partition(":")
    return Address(scheme, place, unquote(name), unquote(password), rest, fragment)


def plain_file_name(path: str) -> str:
    """The last part of a path as the name of a local file."""
    name = PurePosixPath(path.replace("\\", "/")).name
    name = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", name)
    # The end of a name says how the file is packed.
    return name[-_LONGEST_NAME:].lstrip(".") or "data"


def _without_user(place: str, *, has_port: bool) -> tuple[str, str]:
    """The place, and the ``user:password`` before it.

    Parameters
    ----------
    place
        What follows ``://``.
    has_port
        Whether a number after a colon is a port even if an at sign follows in the path.
    """
    authority = place.partition("/")[0]
    _, colon, after_colon = authority.partition(":")
    is_port = (after_colon.isdigit() and (has_port or "@" not in place)) or authority.startswith("[")
    if colon and after_colon and not is_port:
        # A password that was not encoded can hold slashes and at signs; none of it may be taken for the place.
        user, at, rest = place.rpartition("@")
        return (rest, user) if at else ("…", place)
    user, at, host = authority.rpartition("@")
    return (host + place[len(authority) :], user) if at else (place, "")
