"""BM25 ranking over titles and texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k
from engine.runtime.job import Job
from engine.search.explanations import QueryTerm
from engine.search.lexical.terms import TermDictionary, tokens
from engine.text.normalize import words

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]

_K1 = 0.6
#: BM25's b for titles and for texts: how far the weight of a word decreases with the length of its field.
_TITLE_B, _TEXT_B = 0.75, 0.4
#: The weight of a word in the title relative to a word in the text.
_TITLE_WEIGHT = 1.5
#: The scores of the most popular item are raised by this fraction, and less the less popular an item is.
_POPULARITY_WEIGHT = 0.4
_ITEMS_PER_PIECE = 2048
#: Stop words, which are ignored unless a query has no other words ("The Who").
_STOP_WORDS = frozenset(
    words(
        "a about an and are as at be but by can could do does for from had has have how i if in into is it its me my "
        "of on or our some something than that the their them then there these they this those to us was we were what "
        "when where which who whose will with would you your"
    )
)


class BM25Index:
    """BM25F (Robertson and Zaragoza, 2009, with Lucene's idf) whose scores are all computed when the index is built.

    Precomputed scores are the idea of bm25s (Lù, 2024): a query only adds up columns. This implementation needs nothing
    but NumPy, whereas bm25s takes a quarter of a second to import and longer to build its index.

    Parameters
    ----------
    titles, texts
        The title and the text of each item; a word in the title weighs more.
    job
        Checked at intervals for cancellation.
    other_titles
        A second title of each item, such as its title in the original language; empty or None if an item has none.
    item_popularity
        The popularity of each item, from 0 to 1, shape (num_items,); it raises the scores of popular items a little.
    """

    def __init__(
        self,
        titles: Sequence[str],
        texts: Sequence[str],
        job: Job | None = None,
        *,
        other_titles: Sequence[str | None] | None = None,
        item_popularity: npt.NDArray[np.float64] | None = None,
    ) -> None:
        self.num_items = len(titles)
        term_ids: defaultdict[str, int] = defaultdict(count().__next__)
        if other_titles is not None:
            titles = [
                title if other is None or other == title else f"{title} · {other}"
                for title, other in zip(titles, other_titles, strict=True)
            ]
        lines: list[str] = []
        title_postings = _postings(titles, term_ids, job, lines)
        text_postings = _postings(texts, term_ids, job)
        self._term_ids = dict(term_ids)
        self._compute_scores(title_postings, text_postings)
        in_titles = np.bincount(title_postings[0] // max(1, self.num_items), minlength=len(term_ids))
        self._finish(in_titles, "\n".join(lines), item_popularity)

    def _finish(self, in_titles: Counts, lines: str, item_popularity: npt.NDArray[np.float64] | None) -> None:
        self._in_titles, self._lines = in_titles, lines
        self._last_query_terms: tuple[str, list[QueryTerm]] = "", []
        self._dictionary = TermDictionary(self._term_ids, np.diff(self._column), in_titles, lines)
        self._boost = (
            None if item_popularity is None else (1.0 + _POPULARITY_WEIGHT * item_popularity).astype(np.float32)
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The state of the index as arrays, for :meth:`restore`."""
        return {
            "words": np.frombuffer("\n".join(self._term_ids).encode("utf-8", "surrogatepass"), dtype=np.uint8),
            "word_items": self._items,
            "word_scores": self._scores,
            "word_columns": self._column,
            "word_idf": self._idf,
            "word_titles": self._in_titles,
            "title_words": np.frombuffer(self._lines.encode("utf-8", "surrogatepass"), dtype=np.uint8),
        }

    @classmethod
    def restore(
        cls,
        state: Mapping[str, npt.NDArray[Any]],
        num_items: int,
        item_popularity: npt.NDArray[np.float64] | None = None,
    ) -> BM25Index:
        """Make an index from the arrays that :meth:`state` returned.

        Raises
        ------
        ValueError
            If the arrays do not fit each other, or name items that do not exist.
        """
        index = cls((), ())
        index.num_items = num_items
        known = state["words"].tobytes().decode("utf-8", "surrogatepass").split("\n")
        index._items, index._scores = state["word_items"], state["word_scores"]
        index._column, index._idf = state["word_columns"], state["word_idf"]
        index._term_ids = {word: number for number, word in enumerate(known[: len(index._idf)])}
        _require_postings(index._items, index._scores, index._column, num_items)
        if not len(index._term_ids) == len(index._idf) == len(state["word_titles"]) == len(index._column) - 1:
            raise ValueError("its words and their columns differ in number")
        lines = state["title_words"].tobytes().decode("utf-8", "surrogatepass")
        index._finish(state["word_titles"], lines, item_popularity)
        return index

    def _compute_scores(self, titles: tuple[Counts, Counts, Counts], texts: tuple[Counts, Counts, Counts]) -> None:
        """Compute the column of scores of each word from the postings of titles and texts."""
        num_items = max(1, self.num_items)
        weighted = []
        for (keys, frequency, lengths), weight, b in ((titles, _TITLE_WEIGHT, _TITLE_B), (texts, 1.0, _TEXT_B)):
            relative = lengths / max(1e-9, float(lengths.mean()) if len(lengths) else 1.0)
            weighted.append((keys, (weight * frequency / (1 - b + b * relative[keys % num_items])).astype(np.float32)))
        (title_keys, title_weights), (text_keys, text_weights) = weighted
        keys = np.concatenate([title_keys, text_keys])
        keys.sort(kind="stable")  # a stable sort merges the two sorted parts in linear time
        keys = keys[np.diff(keys, prepend=-1) > 0]
        weights = np.zeros(len(keys), dtype=np.float32)
        weights[np.searchsorted(keys, text_keys)] = text_weights
        weights[np.searchsorted(keys, title_keys)] += title_weights
        word, item = np.divmod(keys, num_items)
        self._items = item.astype(np.int32)
        in_items = np.bincount(word, minlength=len(self._term_ids))
        self._column = np.concatenate([[0], np.cumsum(in_items)])
        self._idf = np.log1p((num_items - in_items + 0.5) / (in_items + 0.5)).astype(np.float32)
        self._scores = self._idf[word] * weights / (weights + _K1)

    def search(self, query: str, k: int, allowed: npt.NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """The items with the highest BM25 scores for a query.

        Parameters
        ----------
        query
            Any text. Words that the catalogue does not have are corrected if possible, and ignored otherwise.
        k
            The maximum number of items; items with none of the words are never returned.
        allowed
            A mask of the items that may be found, shape (num_items,); None allows all.

        Returns
        -------
        items, scores
            Positions in ``titles`` and BM25 scores, best first, both of shape (at most k,). Items with equal scores are
            in the order of the catalogue.
        """
        scores = np.zeros(self.num_items, dtype=np.float32)
        for term in self.query_terms(query):
            if len(term.matches) == 1:
                ((match, weight),) = term.matches.items()
                column = self._column_of(match)
                scores[self._items[column]] += weight * self._scores[column]  # an item occurs once in a column
            else:
                scores += self._best_match_scores(term)
        if self._boost is not None:
            scores *= self._boost
        found = scores > 0 if allowed is None else (scores > 0) & allowed
        rows = np.flatnonzero(found)
        best = rows[top_k(scores[rows], k)]
        return best, scores[best]

    def query_terms(self, query: str) -> list[QueryTerm]:
        """The words of a query and their matches, without stop words and words that match nothing."""
        cached_query, cached_terms = self._last_query_terms  # each search needs the terms twice: to find and to explain
        if cached_query == query:
            return cached_terms
        query_tokens = list(dict.fromkeys(tokens(query)))
        query_words = words(query)
        last = query_words[-1] if query_words else ""
        content = [word for word in query_tokens if word not in _STOP_WORDS]
        terms = [
            QueryTerm(word, self._dictionary.matches(word, is_last=word == last)) for word in (content or query_tokens)
        ]
        if not any(term.matches for term in terms) and content:
            terms = [QueryTerm(word, {word: 1.0}) for word in query_tokens if word in self._dictionary]
        terms = [*(term for term in terms if term.matches), *self._compounds(query_words)]
        self._last_query_terms = query, terms
        return terms

    def corrected(self, query: str) -> str:
        """The query with its misspelt words replaced by words of titles; all other words stay as typed."""
        chunks = [(chunk, words(chunk)) for chunk in query.split()]
        corrected = typed = [word for _, its_words in chunks for word in its_words]
        for _ in range(2):  # twice, since a corrected neighbour may decide the correction of a word
            corrected = [
                word if word in _STOP_WORDS else self._dictionary.corrected(word, before, after)
                for before, word, after in zip(["", *corrected], corrected, [*corrected[1:], ""], strict=False)
            ]
        if corrected == typed:
            return query
        rest = iter(corrected)
        parts = ((chunk, its_words, [next(rest) for _ in its_words]) for chunk, its_words in chunks)
        return " ".join(chunk if its_words == new else " ".join(new) for chunk, its_words, new in parts)

    def _compounds(self, query_words: Sequence[str]) -> list[QueryTerm]:
        """Terms for pairs of words that titles write as one word, and for words that titles write as two."""
        found = []
        for a, b in pairwise(query_words):
            if len(a) + len(b) > 4 and self._dictionary.is_in_titles(a + b):
                found.append(QueryTerm(f"{a} {b}", {a + b: 1.0}))
        for word in dict.fromkeys(query_words):
            if (parts := self._dictionary.split_compound(word)) is not None:
                found += [QueryTerm(word, {part: 1.0}) for part in parts]
        return found

    def _best_match_scores(self, term: QueryTerm) -> Scores:
        """Each item's score for its best match of a term; the idf of a match is capped at that of all matches."""
        scores = np.zeros(self.num_items, dtype=np.float32)
        numbers = [self._term_ids[match] for match in term.matches]
        total = sum(int(self._column[number + 1] - self._column[number]) for number in numbers)
        idf = np.log1p((self.num_items - min(total, self.num_items) + 0.5) / (total + 0.5))
        for number, weight in zip(numbers, term.matches.values(), strict=True):
            column = slice(int(self._column[number]), int(self._column[number + 1]))
            items = self._items[column]
            its_scores = self._scores[column] * np.float32(weight * min(1.0, idf / self._idf[number]))
            scores[items] = np.maximum(scores[items], its_scores)
        return scores

    def _column_of(self, word: str) -> slice:
        number = self._term_ids[word]
        return slice(int(self._column[number]), int(self._column[number + 1]))


def _require_postings(
    items: npt.NDArray[Any], scores: npt.NDArray[Any], column: npt.NDArray[Any], num_items: int
) -> None:
    """Check that each column of scores lies in the arrays, and that its items exist."""
    types = [one.dtype.name for one in (items, scores, column)]
    if types != ["int32", "float32", "int64"] or items.shape != scores.shape:
        raise ValueError("its scores have another type or size")
    if not len(column) or column[0] != 0 or column[-1] != len(items) or (np.diff(column) < 0).any():
        raise ValueError("its columns do not fit its scores")
    if len(items) and (items.min() < 0 or items.max() >= num_items or not np.isfinite(scores).all()):
        raise ValueError("it names items that do not exist, or has scores that are no numbers")


def _postings(
    texts: Sequence[str | None],
    term_ids: defaultdict[str, int],
    job: Job | None,
    lines: list[str] | None = None,
) -> tuple[Counts, Counts, Counts]:
    """The sorted keys ``word * num_items + item``, how often each occurs, and the number of words of each text."""
    lengths = np.zeros(len(texts), dtype=np.int64)
    pieces = [np.zeros(0, dtype=np.int64)]
    for start in range(0, len(texts), _ITEMS_PER_PIECE):
        if job is not None:
            job.checkpoint()
        numbers: list[int] = []
        for item, text in enumerate(texts[start : start + _ITEMS_PER_PIECE], start):
            before = len(numbers)
            found = tokens(text or "")
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
    return keys[starts], np.diff(starts, append=len(keys)), lengths
