"""Items for adults, which are left out unless they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from engine.runtime.locked_property import locked_property
from engine.search.filters.columns import Mask, NumberField, TextField
from engine.search.filters.truth import TruthField
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields
    from engine.search.filters.parser import Filter

#: Genres whose items are for adults only, folded. A genre is compared as a whole: "Young Adult" is none of them.
_GENRES = frozenset(
    (
        "hentai", "adult", "adults only", "adult film", "adult movie", "erotic", "erotica", "erotic fiction", "porn",
        "porno", "pornography", "pornographic", "xxx", "x rated", "nsfw", "r18", "18",
    )
)  # fmt: skip
#: Longer values are no genres; comparing them would take time in columns with many.
_LONGEST_NAME = 40
#: Fields whose values can be such genres, and fields that hold true or 1 for items that are for adults only.
_GENRE_FIELDS = ("genre", "type", "category", "categories", "tags")
_FLAGS = ("adult", "is_adult", "isadult", "nsfw", "is_nsfw")
#: Words of a query that ask for such items wherever they stand. "Adult" is one only before "film" or by itself.
_ASKING = re.compile(
    r" (?:hentai|erotica?|porno?|pornograph(?:y|ic)|xxx|nsfw|x rated|adults? only|adult (?:films?|movies?|videos?)) "
    r"|^ adults? $"
)


class AdultItems:
    """Tells which items of a catalogue are for adults only, and whether a search asks for them.

    Parameters
    ----------
    fields
        The fields of the catalogue.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    @locked_property
    def mask(self) -> Mask | None:
        """A mask of the items that are for adults only, shape (num_items,); None if there are none."""
        found = np.zeros(self._fields.num_items, dtype=bool)
        for name in _GENRE_FIELDS:
            if name in self._fields.names and isinstance(field := self._fields[name], TextField):
                adult = np.array([is_adult_genre(value) for value in field.values], dtype=bool)
                if adult.any():
                    found[field.rows[adult[field.codes]]] = True
        for name in _FLAGS:
            if name in self._fields.names:
                field = self._fields[name]
                if isinstance(field, NumberField):
                    found |= field.numbers == 1
                elif isinstance(field, TruthField):
                    found |= field.mask("true")
        return found if found.any() else None

    def hidden(self, query: str = "", filters: Iterable[Filter] = (), like: int | None = None) -> Mask | None:
        """A mask of the items to leave out, shape (num_items,); None if there are none, or they are asked for.

        Parameters
        ----------
        query
            The words of the search. Naming such a genre asks for its items.
        filters
            The filters of the search. One that takes such a genre, or is on a field that marks such items, asks for
            them.
        like
            The internal id of an item whose similar items are wanted. An item for adults asks for others.
        """
        mask = self.mask
        if mask is None or _ASKING.search(f" {' '.join(words(query))} ") or any(map(self._asks, filters)):
            return None
        return None if like is not None and mask[like - 1] else mask

    def _asks(self, one: Filter) -> bool:
        name = self._fields.resolve(one.field)
        if name in _FLAGS:
            return True
        return name in _GENRE_FIELDS and not one.negated and any(map(is_adult_genre, one.terms))


def is_adult_genre(value: str) -> bool:
    """Whether the items of a genre are for adults only.

    Examples
    --------
    >>> is_adult_genre("Hentai"), is_adult_genre("Young Adult")
    (True, False)
    """
    return len(value) <= _LONGEST_NAME and " ".join(words(value)) in _GENRES
