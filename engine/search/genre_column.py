"""The genres of all items as codes, for quantities that are given for each genre and wanted for each item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.search.filters.columns import TextField
from engine.search.understanding.moods import Moods, genre_weights, item_weights

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: Genres beyond these are rare tags.
_MOST_GENRES = 64
_MOST_OF_AN_ITEM = 12


@dataclass(frozen=True)
class GenreColumn:
    """The frequent genres of a catalogue, and which items have them.

    Attributes
    ----------
    names
        The genres, the most frequent first.
    num_items
        The number of items.
    codes
        The genres of all items, one item after the other, as positions in ``names``.
    starts, its_rows
        Where each item that has a genre begins in ``codes``, and its row in the catalogue, ascending.
    """

    names: tuple[str, ...]
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
        return cls(names, fields.num_items, codes[order], starts, its_rows)

    def largest(self, values: Numbers, rows: Rows) -> Numbers:
        """The largest of the values of each item's genres, shape (len(rows),); 0 for items without a genre.

        Parameters
        ----------
        values
            The value of each genre, shape (len(names),).
        rows
            The rows of the items.
        """
        padded = np.append(values, -np.inf)[self._of_items[rows]].max(axis=1)
        return np.where(np.isfinite(padded), padded, 0.0)

    @locked_property
    def _of_items(self) -> npt.NDArray[np.int8]:
        """The genres of each item, filled up with the number of genres, shape (num_items, most genres of an item)."""
        lengths = np.diff(np.append(self.starts, len(self.codes)))
        most = min(_MOST_OF_AN_ITEM, int(lengths.max(initial=1)))
        of_items = np.full((self.num_items, most), len(self.names), dtype=np.int8)
        place = np.arange(len(self.codes)) - np.repeat(self.starts, lengths)
        is_kept = place < most
        of_items[np.repeat(self.its_rows, lengths)[is_kept], place[is_kept]] = self.codes[is_kept]
        return of_items

    def suiting(self, moods: Moods) -> Numbers:
        """How well the genres of each item suit some moods, from -1 to 1, shape (num_items,)."""
        found = np.zeros(self.num_items)
        offsets = np.append(self.starts, len(self.codes))
        found[self.its_rows] = item_weights(genre_weights(self.names, moods), self.codes, offsets)
        return found
