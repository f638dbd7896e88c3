"""The page that an item has on the web, by the ids of the data, and opening it in a browser."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tui.terminal import is_remote

if TYPE_CHECKING:
    from engine.session import Item

_IMDB = re.compile(r"tt\d{5,10}")
_NUMBER = re.compile(r"\d{1,10}")
#: Columns that hold an address, by their names in lower case.
_ADDRESSES = ("url", "link", "uri", "homepage", "letterboxd uri", "letterboxd_uri", "spotify_track_uri")
#: Kinds of data sets whose item ids are numbers of a site, with the address before the number.
_BY_KIND = {
    "anime": ("MyAnimeList", "https://myanimelist.net/anime/"),
    "goodreads": ("Goodreads", "https://www.goodreads.com/book/show/"),
    "movielens": ("MovieLens", "https://movielens.org/movies/"),
}
#: Columns with a number of a site, with the address before the number.
_BY_COLUMN = {
    "tmdb_id": ("TMDB", "https://www.themoviedb.org/movie/"),
    "tmdbid": ("TMDB", "https://www.themoviedb.org/movie/"),
    "mal_id": ("MyAnimeList", "https://myanimelist.net/anime/"),
    "anime_id": ("MyAnimeList", "https://myanimelist.net/anime/"),
    "goodreads_book_id": ("Goodreads", "https://www.goodreads.com/book/show/"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page on the web.

    Attributes
    ----------
    site
        What the site is called.
    address
        An ``https`` or ``http`` address of printable ASCII.
    """

    site: str
    address: str


def page_of(item: Item, kind: str) -> Page | None:
    """The page of an item; None if the data names none.

    Parameters
    ----------
    item
        The item.
    kind
        The kind of the data set, which tells whose numbers its ids are.

    Examples
    --------
    >>> from engine.data.items import Item
    >>> page_of(Item(1, 5114, "Fullmetal Alchemist", None, (), "", {}), "anime").address
    'https://myanimelist.net/anime/5114'
    """
    known: Mapping[str, Any] = {name.casefold(): value for name, value in item.metadata.items()}
    for value in (known.get("imdb_id"), known.get("imdbid"), known.get("const"), item.item_id):
        if isinstance(value, str) and _IMDB.fullmatch(value):
            return Page("IMDb", f"https://www.imdb.com/title/{value}/")
    for column, (site, before) in _BY_COLUMN.items():
        if number := _number(known.get(column)):
            return Page(site, before + number)
    if kind in _BY_KIND and (number := _number(item.item_id)):
        site, before = _BY_KIND[kind]
        return Page(site, before + number)
    for column in _ADDRESSES:
        if page := _address(known.get(column)):
            return page
    return None


def _number(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return text if _NUMBER.fullmatch(text) and int(text) else ""


def _address(value: object) -> Page | None:
    """A page whose whole address stands in the data; only one that a browser fetches, and nothing hidden in it."""
    if not isinstance(value, str) or len(value) > 2_000 or not (value.isascii() and value.isprintable()):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or " " in value:
        return None
    return Page(parts.hostname.removeprefix("www."), value)


def has_browser(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a browser with a window can be opened on the machine that somebody sits at.

    Over SSH it would open on the other machine, and without a display the standard library would start one that draws
    in this terminal.
    """
    known = os.environ if environment is None else environment
    if is_remote(known):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(known.get("DISPLAY") or known.get("WAYLAND_DISPLAY"))


def open_in_browser(page: Page) -> bool:
    """Open a page; whether a browser took it. It may take a second, so it runs in a worker thread."""
    import webbrowser

    try:
        return webbrowser.open(page.address)
    except (webbrowser.Error, OSError):
        return False
