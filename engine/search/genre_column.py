"""The genres of all items as codes, for quantities that are given for each genre and wanted for each item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.search.filters.columns import TextField
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

Numbers = npt.NDArray[np.float64]

#: Genres beyond these are rare tags.
_MOST_GENRES = 64


@dataclass(frozen=True, slots=True)
class GenreColumn:
    """The frequent genres of a catalogue, and which items have them.

    Attributes
    ----------
    names
        The genres, the most frequent first.
    folded
        Their folded words.
    num_items
        The number of items.
    rows, codes
        The items that have a genre in ascending order, once for each of their genres, and the genres as positions.
    starts, its_rows
        Where each item begins in ``rows``, and the item.
    """

    names: tuple[str, ...]
    folded: tuple[str, ...]
    num_items: int
    codes: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    its_rows: npt.NDArray[np.int64]

    @classmethod
    def of(cls, fields: Fields) -> GenreColumn | None:
        """The genres of a catalogue; None if it has none."""
        field = fields["genre"] if "genre" in fields.names else None
        if not isinstance(field, TextField) or not len(field.values):
            return None
        is_frequent = field.codes < _MOST_GENRES
        rows, codes = field.rows[is_frequent], field.codes[is_frequent]
        order = np.argsort(rows, kind="stable")
        its_rows, starts = np.unique(rows[order], return_index=True)
        names = tuple(field.values[:_MOST_GENRES])
        folded = tuple(" ".join(words(name)) for name in names)
        return cls(names, folded, fields.num_items, codes[order], starts, its_rows)

    def largest(self, values: Numbers) -> Numbers:
        """The largest of the values of each item's genres, shape (num_items,); 0 for items without a genre.

        Parameters
        ----------
        values
            The value of each genre, shape (len(names),).
        """
        return self._reduced(np.maximum.reduceat, values)

    def mean_weight(self, weights: Mapping[str, float]) -> Numbers:
        """How far the genres of each item have weights, from -1 to 1, shape (num_items,).

        Parameters
        ----------
        weights
            Folded names of genres -> weights from -1 to 1.
        """
        of_genre = np.array([weights.get(name, 0.0) for name in self.folded])
        total = self._reduced(np.add.reduceat, of_genre)
        return np.clip(total / 2, -1.0, 1.0)

    def _reduced(self, reduce: Callable[..., Numbers], values: Numbers) -> Numbers:
        found = np.zeros(self.num_items)
        if len(self.starts):
            found[self.its_rows] = reduce(values[self.codes], self.starts)
        return found
