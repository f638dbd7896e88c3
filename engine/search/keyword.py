"""Search by words: BM25 over titles and texts, without any model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

import numpy as np
import numpy.typing as npt

from engine.folding import words
from engine.job import Job
from engine.ranking import top_k
from engine.search.reasons import QueryWord

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_K1, _B = 1.5, 0.75
#: A word in the title counts as often as this many in the text.
_TITLE_WEIGHT = 3
_ITEMS_PER_PIECE = 2048
#: Words that say nothing of what is wanted; kept where a query has no others ("The Who").
_EMPTY_WORDS = frozenset(
    words(
        "a about an and are as at be but by can could do does for from had has have how i if in into is it its me my "
        "of on or our some something than that the their them then there these they this those to us was we were what "
        "when where which who whose will with would you your"
    )
)


class KeywordIndex:
    """BM25 (Robertson and Zaragoza, 2009, with Lucene's idf) with every score computed when it is built.

    That is the idea of bm25s (Lù, 2024): a query then only adds up columns. Written on NumPy alone, as bm25s needs
    a quarter of a second to import and more time to build than the whole of this.

    Parameters
    ----------
    titles, texts
        Of each item; a word in a title weighs more.
    job
        Asked from time to time whether to stop.
    """

    def __init__(self, titles: Sequence[str], texts: Sequence[str], job: Job | None = None) -> None:
        self.num_items = len(titles)
        numbering: defaultdict[str, int] = defaultdict(count().__next__)
        pieces, lengths = [], np.zeros(self.num_items, dtype=np.int64)
        for start in range(0, self.num_items, _ITEMS_PER_PIECE):
            if job is not None:
                job.checkpoint()
            end = min(start + _ITEMS_PER_PIECE, self.num_items)
            pieces.append(_postings(titles, texts, start, end, numbering, lengths))
        self._vocabulary = dict(numbering)
        self._weigh(np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64), lengths)

    def _weigh(self, postings: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        """From (word, item) pairs, one for each occurrence, to columns of scores, one for each word."""
        num_items = max(1, self.num_items)
        postings.sort()
        is_first = np.ones(len(postings), dtype=bool)
        np.not_equal(postings[1:], postings[:-1], out=is_first[1:])
        starts = np.flatnonzero(is_first)
        frequency = np.diff(starts, append=len(postings)).astype(np.float32)
        word, item = np.divmod(postings[starts], num_items)
        self._items = item.astype(np.int32)
        in_items = np.bincount(word, minlength=len(self._vocabulary))
        self._column = np.concatenate([[0], np.cumsum(in_items)])
        idf = np.log1p((num_items - in_items + 0.5) / (in_items + 0.5)).astype(np.float32)
        relative = (lengths / max(1.0, float(lengths.mean()) if len(lengths) else 1.0)).astype(np.float32)
        self._scores = idf[word] * frequency / (frequency + _K1 * (1 - _B + _B * relative[item]))

    def search(self, query: str, k: int, allowed: npt.NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """The items in which the query's words say most.

        Parameters
        ----------
        query
            Any text; words that the catalogue does not have are passed over.
        k
            How many at most; items without any of the words are never among them.
        allowed
            Which items may be found, shape (num_items,); None allows all.

        Returns
        -------
        items, scores
            Positions in ``titles``, best first; of equal scores the first item first.
        """
        scores = np.zeros(self.num_items, dtype=np.float32)
        for word in self._known(query):
            column = self._column_of(word)
            scores[self._items[column]] += self._scores[column]  # an item occurs once in a column
        found = scores > 0 if allowed is None else (scores > 0) & allowed
        best = top_k(np.where(found, scores, np.float32(-np.inf)), k)
        return best, scores[best]

    def understood(self, query: str) -> list[QueryWord]:
        """The words of a query that the catalogue has, in the query's order."""
        return [QueryWord(word, {word: 1.0}) for word in self._known(query)]

    def _known(self, query: str) -> list[str]:
        asked = [word for word in dict.fromkeys(words(query)) if word in self._vocabulary]
        return [word for word in asked if word not in _EMPTY_WORDS] or asked

    def _column_of(self, word: str) -> slice:
        number = self._vocabulary[word]
        return slice(int(self._column[number]), int(self._column[number + 1]))


def _postings(
    titles: Sequence[str],
    texts: Sequence[str],
    start: int,
    end: int,
    numbering: defaultdict[str, int],
    lengths: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """``word * num_items + item`` for each occurrence in some items; adds up their lengths on the way."""
    numbers: list[int] = []
    for item in range(start, end):
        before = len(numbers)
        numbers += list(map(numbering.__getitem__, words(titles[item] or ""))) * _TITLE_WEIGHT
        numbers += map(numbering.__getitem__, words(texts[item] or ""))
        lengths[item] = len(numbers) - before
    items = np.repeat(np.arange(start, end), lengths[start:end])
    return np.array(numbers, dtype=np.int64) * len(titles) + items
