"""Sample queries made from a catalogue: what somebody could type who sees the data for the first time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from engine.data.items import Item

Value = TypeVar("Value")

#: Columns that name one person or maker, the most telling first.
_MAKERS = ("director", "author", "authors", "creator", "artist", "studio", "studios", "developer")
#: What separates several names.
_SEPARATORS = (";", "|", ",")
#: A name longer than this is a sentence.
_LONGEST_NAME = 40


def sample_queries(items: Sequence[Item], finds: Callable[[str], bool], limit: int = 5) -> list[str]:
    """Queries from the genres, decades and makers of some items.

    The same items give the same queries. They are of different kinds: words for a genre and a decade, a maker's name,
    a title, and a line with filters.

    Parameters
    ----------
    items
        Well-known items, the best known first.
    finds
        Whether a query finds anything; a query that finds nothing is left out.
    limit
        How many queries at most.
    """
    kinds = [list(one) for one in (_genres_and_decades(items), _makers(items), _filters(items), _titles(items))]
    found: list[str] = []
    while any(kinds) and len(found) < limit:
        for kind in kinds:
            query = next((kind.pop(0) for _ in list(kind) if kind), None)
            if query is not None and query not in found and len(found) < limit and finds(query):
                found.append(query)
    return found


def _genres_and_decades(items: Sequence[Item]) -> Iterable[str]:
    pairs = Counter(
        (genre, item.year // 10 * 10) for item in items if item.year is not None for genre in item.genres[:2]
    )
    used: set[object] = set()
    for genre, decade in _frequent(pairs):
        if genre not in used and decade not in used:
            used |= {genre, decade}
            yield f"{genre.casefold()} from the {decade}s"
    if not pairs:
        genres = Counter(genre for item in items for genre in item.genres[:2])
        yield from (genre.casefold() for genre in _frequent(genres)[:3])


def _makers(items: Sequence[Item]) -> Iterable[str]:
    for column in _MAKERS:
        names = Counter(name for item in items for name in _names(item.metadata.get(column)))
        if names:
            yield from _frequent(names)[:3]
            return


def _names(value: object) -> list[str]:
    if isinstance(value, str):
        separator = next((one for one in _SEPARATORS if one in value), ";")
        value = value.split(separator)
    names = [str(one).strip() for one in value] if isinstance(value, (list, tuple)) else []
    return [name for name in names if 2 < len(name) <= _LONGEST_NAME and '"' not in name and ":" not in name]


def _filters(items: Sequence[Item]) -> Iterable[str]:
    genres = Counter(genre for item in items for genre in item.genres)
    years = sorted(item.year for item in items if item.year is not None)
    for genre in _frequent(genres)[1:3]:
        value = genre.casefold() if genre.isalnum() else f'"{genre.casefold()}"'
        if years:
            yield f"genre:{value} year:>={years[len(years) // 2] // 10 * 10}"
        yield f"genre:{value}"


def _titles(items: Sequence[Item]) -> Iterable[str]:
    yield from (item.title for item in items[:3] if item.title and ":" not in item.title)


def _frequent(counts: Counter[Value]) -> list[Value]:
    """The values by their counts; equal ones in the order of the items."""
    return [value for value, _ in counts.most_common()]
