"""The titles by which the items of a catalogue are found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.search.lexical.acronyms import acronyms
from engine.search.lexical.catalogue_fields import SEPARATOR
from engine.search.lexical.variants import look_alikes
from engine.text.normalize import fold
from engine.text.title_names import other_names

if TYPE_CHECKING:
    from collections.abc import Container

    from engine.data.items import ItemTable

_DIGIT_IN_WORD = re.compile(r"[^\W\d_]\d")


@dataclass(frozen=True, slots=True)
class CatalogueTitles:
    """The titles of the items of a catalogue.

    Attributes
    ----------
    titles
        The title of each item; empty if it is unknown and the id stands in its place.
    texts
        The text of each item, without an id that stands in place of the title.
    others
        Row -> other titles, from other columns or given by users; only for items that have some.
    """

    titles: list[str]
    texts: list[str]
    others: dict[int, list[str]]

    @classmethod
    def of(
        cls, items: ItemTable, columns: Iterable[Sequence[str]] = (), aliases: Mapping[int, Sequence[str]] | None = None
    ) -> CatalogueTitles:
        """The titles of a catalogue.

        Parameters
        ----------
        items
            The catalogue.
        columns
            The columns with other titles; several titles of one item are joined by
            :data:`~engine.search.lexical.catalogue_fields.SEPARATOR`.
        aliases
            Row -> further titles, given by users.
        """
        titles, texts = items.titles(), items.texts()
        for row in _untitled(items, titles, texts):
            texts[row] = (texts[row] or "").removeprefix(titles[row])
            titles[row] = ""
        others: dict[int, list[str]] = {}
        for column in columns:
            for row, (title, value) in enumerate(zip(titles, column, strict=True)):
                if value and value != title:
                    others.setdefault(row, []).extend(one for one in value.split(SEPARATOR) if one != title)
        for row, given in (aliases or {}).items():
            others.setdefault(row, []).extend(given)
        return cls(titles, texts, others)

    def for_words(self) -> list[str | None]:
        """The other titles of each item as one text, with the words that digits in its title stand for."""
        found: list[str | None] = [None] * len(self.titles)
        for row, others in self.others.items():
            found[row] = SEPARATOR.join(others)
        for row, title in enumerate(self.titles):
            if title and _DIGIT_IN_WORD.search(title):
                spelt_out = [spelling for word in fold(title).split() for spelling in look_alikes(word)]
                found[row] = SEPARATOR.join(filter(None, [found[row], *spelt_out])) or None
        return found

    def for_lookup(self) -> dict[int, list[str]]:
        """Row -> the other titles of the item, with the names that brackets in one of its titles hold."""
        found = {
            row: [*others, *(name for one in others for name in other_names(one))]
            for row, others in self.others.items()
        }
        for row, title in enumerate(self.titles):
            if title and (names := other_names(title)):
                found.setdefault(row, []).extend(names)
        return found

    def acronyms(
        self, years: Sequence[int | None], popularity: npt.NDArray[np.float64], vocabulary: Container[str]
    ) -> dict[int, list[str]]:
        """Row -> the acronyms of its titles, for the best-known items."""
        best = np.argsort(-popularity, kind="stable")
        return acronyms(
            lambda row: [one for one in (self.titles[row], *self.others.get(row, ())) if one], years, best, vocabulary
        )


def _untitled(items: ItemTable, titles: Sequence[str], texts: Sequence[str]) -> list[int]:
    """The rows whose title is a number only because their id stands in its place.

    A film can have the number that is its title as its id. The title is taken for its own if it has a year or a text,
    and no other item of the catalogue has its id as title.
    """
    ids = items.id_map.ids
    found = [row for row, title in enumerate(titles) if title and title.isdigit() and str(ids[row]) == title]
    if len(found) == 1:
        (row,) = found
        has_more = items.table.column("year")[row].as_py() is not None or (texts[row] or "") not in ("", titles[row])
        return [] if has_more else found
    return found
