"""The postings of one field of the items: which words it has, in which items, and how often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job
from engine.search.lexical.terms import tokens

_Counts = npt.NDArray[np.int64]

_ITEMS_PER_PIECE = 2048


@dataclass(frozen=True, slots=True)
class Postings:
    """The words of one field.

    Attributes
    ----------
    keys
        ``word * num_items + item`` for each word of each item, in ascending order.
    counts
        How often the item has the word, of the shape of ``keys``.
    lengths
        The number of words of each item, shape (num_items,).
    """

    keys: _Counts
    counts: _Counts
    lengths: _Counts

    def weights(self, weight: float, b: float) -> npt.NDArray[np.float32]:
        """The weighted frequency of each key, normalised by the length of the field as in BM25F.

        Parameters
        ----------
        weight
            The weight of the field.
        b
            How far the weight of a word decreases with the length of the field, from 0 (not at all) to 1.
        """
        if b == 0 or not len(self.keys):
            return (weight * self.counts).astype(np.float32)
        relative = self.lengths / self.lengths.mean()
        normalised = weight * self.counts / (1 - b + b * relative[self.keys % len(self.lengths)])
        return normalised.astype(np.float32)  # type: ignore[no-any-return]


def make_postings(
    texts: Sequence[str | None],
    term_ids: defaultdict[str, int],
    job: Job | None,
    lines: list[str] | None = None,
    tokens_of: Callable[[str], list[str]] = tokens,
) -> Postings:
    """The postings of one field.

    Parameters
    ----------
    texts
        The field of each item.
    term_ids
        The number of each word, to which new words are added.
    job
        Checked at intervals for cancellation.
    lines
        To which the words of each item are appended, with a space before and after each.
    tokens_of
        The words of a text.
    """
    lengths = np.zeros(len(texts), dtype=np.int64)
    pieces = [np.zeros(0, dtype=np.int64)]
    for start in range(0, len(texts), _ITEMS_PER_PIECE):
        if job is not None:
            job.checkpoint()
        numbers: list[int] = []
        for item, text in enumerate(texts[start : start + _ITEMS_PER_PIECE], start):
            if not text:
                continue
            before = len(numbers)
            found = tokens_of(text)
            numbers += map(term_ids.__getitem__, found)
            if lines is not None:
                lines.append(f" {' '.join(found)} ")
            lengths[item] = len(numbers) - before
        items = np.repeat(
            np.arange(start, min(start + _ITEMS_PER_PIECE, len(texts))), lengths[start : start + _ITEMS_PER_PIECE]
        )
        pieces.append(np.array(numbers, dtype=np.int64) * len(texts) + items)
    keys = np.concatenate(pieces)
    keys.sort()
    is_first = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    return Postings(keys[starts], np.diff(starts, append=len(keys)), lengths)
