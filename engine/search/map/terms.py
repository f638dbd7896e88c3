"""What regions of a map can be named by: the genres of the items, and the words of their titles and texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job
from engine.search.lexical.postings import make_postings
from engine.search.lexical.stop_words import STOP_WORDS

if TYPE_CHECKING:
    from engine.data.items import ItemTable

Rows = npt.NDArray[np.int64]

#: Words of fewer items name nothing, nor do those of more than this share of the items.
_FEWEST_ITEMS, _LARGEST_SHARE = 4, 0.2
_SHORTEST_WORD = 4
#: The beginning of a text tells what it is about.
_LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of one kind, and which items have them.

    Attributes
    ----------
    names
        The terms, as they are shown.
    codes, rows
        The position in ``names`` and the row of the item, for each term of each item.
    """

    names: Sequence[str]
    codes: Rows
    rows: Rows

    def counts(self, groups: npt.NDArray[np.int64], num_groups: int) -> npt.NDArray[np.int64]:
        """The number of items of each group that have each term, shape (num_groups, number of terms).

        Parameters
        ----------
        groups
            The group of each row, -1 for none.
        num_groups
            The number of groups.
        """
        its_group = groups[self.rows]
        is_in = its_group >= 0
        cells = its_group[is_in] * len(self.names) + self.codes[is_in]
        return np.bincount(cells, minlength=num_groups * len(self.names)).reshape(num_groups, len(self.names))


def genres_of(items: ItemTable) -> Terms:
    """The genres of a catalogue; a genre that an item names twice counts once."""
    import pyarrow.compute as pc

    column = items.table.column("genres").combine_chunks()
    values = pc.list_flatten(column).dictionary_encode()
    rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False).astype(np.int64)
    codes = values.indices.to_numpy(zero_copy_only=False)
    known = np.isfinite(codes)  # a missing genre has no code
    names = ["" if name is None else str(name).strip() for name in values.dictionary.to_pylist()]
    pairs = np.unique(rows[known] * max(len(names), 1) + codes[known].astype(np.int64))
    rows, codes = np.divmod(pairs, max(len(names), 1))
    named = np.array([bool(name) for name in names], dtype=bool)
    kept = named[codes] if len(codes) else np.zeros(0, dtype=bool)
    return Terms(names, codes[kept], rows[kept])


def words_of(items: ItemTable, job: Job | None = None) -> Terms:
    """The words of a catalogue's titles and texts that are neither rare nor everywhere."""
    texts = [f"{title} {text[:_LONGEST_TEXT]}" for title, text in zip(items.titles(), items.texts(), strict=True)]
    term_ids: defaultdict[str, int] = defaultdict(lambda: len(term_ids))
    postings = make_postings(texts, term_ids, job)
    words = list(term_ids)
    codes, rows = np.divmod(postings.keys, max(len(items), 1))
    frequencies = np.bincount(codes, minlength=len(words))
    tells = (frequencies >= _FEWEST_ITEMS) & (frequencies <= _LARGEST_SHARE * len(items))
    tells &= np.array([len(w) >= _SHORTEST_WORD and w.isalpha() and w not in STOP_WORDS for w in words], dtype=bool)
    position = np.cumsum(tells) - 1
    kept = tells[codes]
    return Terms([word for word, one in zip(words, tells, strict=True) if one], position[codes[kept]], rows[kept])
