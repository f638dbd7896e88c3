"""The people behind an item: who made it, by the columns that name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.session import Item

#: Columns that name people or those who made an item, the most telling first.
_COLUMNS = (
    "director", "directors", "author", "authors", "creator", "creators", "created_by", "artist", "artists", "writer",
    "writers", "composer", "developer", "studio", "studios", "cast", "actors", "starring", "publisher", "brand",
)  # fmt: skip
#: What separates several names in one text: a comma only where nothing else does, and not before "Jr.".
_SEPARATORS = (
    re.compile(r"\s*[;|]\s*"),
    re.compile(r"\s+/\s+"),
    re.compile(r"\s*,(?!\s*(?:[JS]r\b|I{1,3}\b|The\b))\s*"),
)
_AND = re.compile(r"\s+(?:&|and)\s+")
#: So many names of one column are offered; a cast can have hundreds.
_MOST = 8


def people_of(item: Item) -> list[tuple[str, str]]:
    """The column and the name of each person behind an item, in the order of the columns."""
    found: list[tuple[str, str]] = []
    by_name = {name.casefold().replace(" ", "_").replace("-", "_"): name for name in item.metadata}
    for column in _COLUMNS:
        value = item.metadata.get(by_name.get(column, ""))
        names = value if isinstance(value, list | tuple) else _split(value) if isinstance(value, str) else ()
        cleaned = (" ".join(str(name).replace('"', "").split()) for name in names)
        found += [(column, name) for name in dict.fromkeys(cleaned) if name][:_MOST]
    return found


def _split(text: str) -> list[str]:
    """The names in a text."""
    parts = next((parts for separator in _SEPARATORS if len(parts := separator.split(text)) > 1), [text])
    return [name for part in parts for name in _pair(part)]


def _pair(text: str) -> list[str]:
    """The two names of "Ann Lee and Bo Day"; what stands behind one word, as in "Simon and Garfunkel", is one name."""
    names = _AND.split(text)
    return names if " " in names[0].strip() else [text]


def condition_for(column: str, name: str) -> str:
    """The filter on the items of a person."""
    return f'{column}:"{name}"'
