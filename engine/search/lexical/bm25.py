"""Search by words: BM25 over titles and texts, without any model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.ranking import top_k
from engine.runtime.job import Job
from engine.search.explanations import QueryWord
from engine.search.lexical.terms import TermDictionary, tokens
from engine.text.normalize import words

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]

_K1 = 0.6
#: How much long titles and texts are held against their words.
_TITLE_B, _TEXT_B = 0.75, 0.4
#: A word in the title counts as often as this many in the text.
_TITLE_WEIGHT = 1.5
#: How much more the best known item counts than one that nobody knows.
_POPULARITY_WEIGHT = 0.4
_ITEMS_PER_PIECE = 2048
#: Words that say nothing of what is wanted; kept where a query has no others ("The Who").
_EMPTY_WORDS = frozenset(
    words(
        "a about an and are as at be but by can could do does for from had has have how i if in into is it its me my "
        "of on or our some something than that the their them then there these they this those to us was we were what "
        "when where which who whose will with would you your"
    )
)


class BM25Index:
    """BM25F (Robertson and Zaragoza, 2009, with Lucene's idf) with every score computed when it is built.

    That is the idea of bm25s (Lù, 2024): a query then only adds up columns. Written on NumPy alone, as bm25s needs
    a quarter of a second to import and more time to build than the whole of this.

    Parameters
    ----------
    titles, texts
        Of each item; a word in a title weighs more.
    job
        Asked from time to time whether to stop.
    other_titles
        Further titles of each item, such as in its own language; may be empty or None.
    item_popularity
        From 0 to 1, how well known each item is; scores of the best known count a little more. Shape (num_items,).
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
        numbering: defaultdict[str, int] = defaultdict(count().__next__)
        if other_titles is not None:
            titles = [
                title if other is None or other == title else f"{title} · {other}"
                for title, other in zip(titles, other_titles, strict=True)
            ]
        lines: list[str] = []
        of_titles = _postings(titles, numbering, job, lines)
        of_texts = _postings(texts, numbering, job)
        self._numbering = dict(numbering)
        self._weigh(of_titles, of_texts)
        in_titles = np.bincount(of_titles[0] // max(1, self.num_items), minlength=len(numbering))
        self._finish(in_titles, "\n".join(lines), item_popularity)

    def _finish(self, in_titles: Counts, lines: str, item_popularity: npt.NDArray[np.float64] | None) -> None:
        self._in_titles, self._lines = in_titles, lines
        self._last_understood: tuple[str, list[QueryWord]] = "", []
        self._vocabulary = TermDictionary(self._numbering, np.diff(self._column), in_titles, lines)
        self._boost = (
            None if item_popularity is None else (1.0 + _POPULARITY_WEIGHT * item_popularity).astype(np.float32)
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """What :meth:`restore` needs, as arrays."""
        return {
            "words": np.frombuffer("\n".join(self._numbering).encode("utf-8", "surrogatepass"), dtype=np.uint8),
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
        """The index that gave this state."""
        index = cls((), ())
        index.num_items = num_items
        known = state["words"].tobytes().decode("utf-8", "surrogatepass").split("\n")
        index._items, index._scores = state["word_items"], state["word_scores"]
        index._column, index._idf = state["word_columns"], state["word_idf"]
        index._numbering = {word: number for number, word in enumerate(known[: len(index._idf)])}
        lines = state["title_words"].tobytes().decode("utf-8", "surrogatepass")
        index._finish(state["word_titles"], lines, item_popularity)
        return index

    def _weigh(self, of_titles: tuple[Counts, Counts, Counts], of_texts: tuple[Counts, Counts, Counts]) -> None:
        """From the words of titles and texts to columns of scores, one for each word."""
        num_items = max(1, self.num_items)
        weighted = []
        for (keys, frequency, lengths), weight, b in ((of_titles, _TITLE_WEIGHT, _TITLE_B), (of_texts, 1.0, _TEXT_B)):
            relative = lengths / max(1e-9, float(lengths.mean()) if len(lengths) else 1.0)
            weighted.append((keys, (weight * frequency / (1 - b + b * relative[keys % num_items])).astype(np.float32)))
        (title_keys, title_weights), (text_keys, text_weights) = weighted
        keys = np.concatenate([title_keys, text_keys])
        keys.sort(kind="stable")  # which merges what is sorted already
        keys = keys[np.diff(keys, prepend=-1) > 0]
        weights = np.zeros(len(keys), dtype=np.float32)
        weights[np.searchsorted(keys, text_keys)] = text_weights
        weights[np.searchsorted(keys, title_keys)] += title_weights
        word, item = np.divmod(keys, num_items)
        self._items = item.astype(np.int32)
        in_items = np.bincount(word, minlength=len(self._numbering))
        self._column = np.concatenate([[0], np.cumsum(in_items)])
        self._idf = np.log1p((num_items - in_items + 0.5) / (in_items + 0.5)).astype(np.float32)
        self._scores = self._idf[word] * weights / (weights + _K1)

    def search(self, query: str, k: int, allowed: npt.NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """The items in which the query's words say most.

        Parameters
        ----------
        query
            Any text; words that the catalogue does not have are corrected where that can be, else passed over.
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
        for word in self.understood(query):
            if len(word.taken_for) == 1:
                ((meaning, weight),) = word.taken_for.items()
                column = self._column_of(meaning)
                scores[self._items[column]] += weight * self._scores[column]  # an item occurs once in a column
            else:
                scores += self._best_of(word)
        if self._boost is not None:
            scores *= self._boost
        found = scores > 0 if allowed is None else (scores > 0) & allowed
        rows = np.flatnonzero(found)
        best = rows[top_k(scores[rows], k)]
        return best, scores[best]

    def understood(self, query: str) -> list[QueryWord]:
        """The words of a query and what each is taken for; without the empty ones and those that mean nothing here."""
        known_query, known = self._last_understood  # each search asks twice: to find, and to say why
        if known_query == query:
            return known
        asked = list(dict.fromkeys(tokens(query)))
        said = words(query)
        last = said[-1] if said else ""
        full = [word for word in asked if word not in _EMPTY_WORDS]
        meant = [QueryWord(word, self._vocabulary.meanings(word, is_last=word == last)) for word in (full or asked)]
        if not any(word.taken_for for word in meant) and full:
            meant = [QueryWord(word, {word: 1.0}) for word in asked if word in self._vocabulary]
        understood = [*(word for word in meant if word.taken_for), *self._other_divisions(said)]
        self._last_understood = query, understood
        return understood

    def corrected(self, query: str) -> str:
        """A query with its misspelt words as titles write them; all others are left as they were typed."""
        chunks = [(chunk, words(chunk)) for chunk in query.split()]
        meant = said = [word for _, its_words in chunks for word in its_words]
        for _ in range(2):  # once more, as a neighbour may have been misspelt, too
            meant = [
                word if word in _EMPTY_WORDS else self._vocabulary.corrected(word, before, after)
                for before, word, after in zip(["", *meant], meant, [*meant[1:], ""], strict=False)
            ]
        if meant == said:
            return query
        left = iter(meant)
        parts = ((chunk, its_words, [next(left) for _ in its_words]) for chunk, its_words in chunks)
        return " ".join(chunk if its_words == meant else " ".join(meant) for chunk, its_words, meant in parts)

    def _other_divisions(self, said: Sequence[str]) -> list[QueryWord]:
        """Words that titles write as one where the query does not, and the other way round."""
        found = []
        for a, b in pairwise(said):
            if len(a) + len(b) > 4 and self._vocabulary.is_in_titles(a + b):
                found.append(QueryWord(f"{a} {b}", {a + b: 1.0}))
        for word in dict.fromkeys(said):
            if (parts := self._vocabulary.apart(word)) is not None:
                found += [QueryWord(word, {part: 1.0}) for part in parts]
        return found

    def _best_of(self, word: QueryWord) -> Scores:
        """Of each item the best of what a word may mean; rare meanings are worth no more than all of them together."""
        scores = np.zeros(self.num_items, dtype=np.float32)
        numbers = [self._numbering[meaning] for meaning in word.taken_for]
        together = sum(int(self._column[number + 1] - self._column[number]) for number in numbers)
        idf = np.log1p((self.num_items - min(together, self.num_items) + 0.5) / (together + 0.5))
        for number, weight in zip(numbers, word.taken_for.values(), strict=True):
            column = slice(int(self._column[number]), int(self._column[number + 1]))
            items = self._items[column]
            its_scores = self._scores[column] * np.float32(weight * min(1.0, idf / self._idf[number]))
            scores[items] = np.maximum(scores[items], its_scores)
        return scores

    def _column_of(self, word: str) -> slice:
        number = self._numbering[word]
        return slice(int(self._column[number]), int(self._column[number + 1]))


def _postings(
    texts: Sequence[str | None],
    numbering: defaultdict[str, int],
    job: Job | None,
    lines: list[str] | None = None,
) -> tuple[Counts, Counts, Counts]:
    """``word * num_items + item`` for each word of each item, sorted; how often it is there; each text's length."""
    lengths = np.zeros(len(texts), dtype=np.int64)
    pieces = [np.zeros(0, dtype=np.int64)]
    for start in range(0, len(texts), _ITEMS_PER_PIECE):
        if job is not None:
            job.checkpoint()
        numbers: list[int] = []
        for item, text in enumerate(texts[start : start + _ITEMS_PER_PIECE], start):
            before = len(numbers)
            found = tokens(text or "")
            numbers += map(numbering.__getitem__, found)
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
