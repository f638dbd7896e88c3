"""What a query asks for: words, meaning, conditions, subjects to avoid, moods, an item to start from, an order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.results import Understood

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields
    from engine.search.filters.orders import Order
    from engine.search.filters.parser import Filter
    from engine.search.understanding.reading import Moved


@dataclass(frozen=True, slots=True)
class Request:
    """A query taken apart.

    Attributes
    ----------
    text
        The words left of the query as they were typed, by which titles are looked up.
    words
        The words to search for: those of the text, and their translation.
    meaning
        The text whose meaning is searched for: the text with its spelling corrected, or its translation.
    filters
        The conditions that were understood.
    without
        Subjects that results should not be about.
    moved
        The item that results should resemble; None if the query names none.
    order
        The order of the results that the query asks for; None for the best match first.
    understood
        The conditions as an answer tells them.
    literal
        Words that are not corrected.
    """

    text: str
    words: str
    meaning: str
    filters: tuple[Filter, ...] = ()
    without: tuple[str, ...] = ()
    moved: Moved | None = None
    order: Order | None = None
    understood: tuple[Understood, ...] = ()
    literal: frozenset[str] = frozenset()

    @classmethod
    def plain(cls, query: str, literal: Collection[str] = ()) -> Request:
        """A request for the words of a query, of which nothing is understood."""
        return cls(query, query, query, literal=frozenset(literal))


def understand(query: str, fields: Fields, literal: Collection[str] = ()) -> Request:
    """Read what a query asks for.

    Parameters
    ----------
    query
        The words of a query, without typed filters.
    fields
        The fields of the catalogue.
    literal
        Words that are to be searched for as they were typed, and not understood.
    """
    from engine.search.understanding import read

    reading = read(query, fields, keep_as_text=frozenset(literal))
    return Request(
        reading.text,
        reading.text,
        reading.text,
        reading.filters,
        reading.without,
        reading.moved,
        reading.order,
        reading.understood,
        frozenset(literal),
    )
