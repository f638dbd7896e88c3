"""BM25 ranking over titles and texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.results import Correction
from engine.ranking import top_k
from engine.runtime.job import Job
from engine.search.lexical.catalogue_fields import OTHER_TITLES, PEOPLE, SEPARATOR, CatalogueField
from engine.search.lexical.coverage import Coverage, Occurrences, Place, have_all, measure_coverage
from engine.search.lexical.postings import Postings, make_postings
from engine.search.lexical.query_reader import QueryReader
from engine.search.lexical.query_term import QueryTerm
from engine.search.lexical.synonyms import Synonyms
from engine.search.lexical.terms import ACRONYM, LONGEST_NAME, TermDictionary, tokens
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
#: The weight of an acronym of a title, which tells as much as a word of it.
_ACRONYM_WEIGHT = 1.5
_PHRASE_WEIGHT = 0.9
#: The least weight of a match that is the same word, in another form or spelling.
_SAME_WORD = 0.75
#: A word that so many items have is no slip of one text.
_COMMON = 3


class BM25Index:
    """BM25F (Robertson and Zaragoza, 2009, with Lucene's idf) whose scores are all computed when the index is built.

    Precomputed scores are the idea of bm25s (Lù, 2024): a query only adds up columns. This implementation needs nothing
    but NumPy, whereas bm25s takes a quarter of a second to import and longer to build its index.

    A word that several fields of an item have counts once, by the field in which it weighs most; only the title is
    added to that, as the text of an item begins with its title.

    Parameters
    ----------
    titles, texts
        The title and the text of each item; a word in the title weighs more.
    job
        Checked at intervals for cancellation.
    other_titles
        Other titles of each item, such as its title in the original language; empty or None if an item has none.
    fields
        The other searched columns of the catalogue.
    acronyms
        Row -> the acronyms by which an item is known, such as "lotr". Called with the words of the catalogue.
    item_popularity
        The popularity of each item, from 0 to 1, shape (num_items,); it raises the scores of popular items a little.
    synonyms
        Words that mean the same.
    """

    def __init__(
        self,
        titles: Sequence[str],
        texts: Sequence[str],
        job: Job | None = None,
        *,
        other_titles: Sequence[str | None] | None = None,
        fields: Sequence[CatalogueField] = (),
        acronyms: Callable[[Container[str]], Mapping[int, Sequence[str]]] | None = None,
        item_popularity: npt.NDArray[np.float64] | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        self.num_items = len(titles)
        term_ids: defaultdict[str, int] = defaultdict(count().__next__)
        lines: list[str] = []
        in_titles = make_postings(titles, term_ids, job, lines)
        named = [in_titles]
        others = [(make_postings(texts, term_ids, job), 1.0, _TEXT_B, Place(0))]
        if other_titles is not None and any(other_titles):
            some = [None if other == title else other for title, other in zip(titles, other_titles, strict=True)]
            named.append(make_postings(some, term_ids, job, lines))
            others.append((named[-1], OTHER_TITLES.weight, OTHER_TITLES.b, Place.TITLE))
        for one in fields:
            has_names = one.role is PEOPLE
            postings = make_postings(one.texts, term_ids, job, tokens_of=_name_tokens if has_names else tokens)
            others.append((postings, one.role.weight, one.role.b, Place.NAME if has_names else Place(0)))
            if has_names:
                named.append(postings)
                lines += {f" {' '.join(words(name))} " for text in one.texts if text for name in text.split(SEPARATOR)}
        num_items = max(1, self.num_items)
        title_counts = np.zeros(len(term_ids), dtype=np.int64)
        for postings in named:
            title_counts += np.bincount(postings.keys // num_items, minlength=len(term_ids))
        if acronyms is not None:
            of_row = acronyms(term_ids.keys())
            texts_of = [" ".join(of_row.get(row, ())) for row in range(self.num_items)]
            acronym_postings = make_postings(texts_of, term_ids, job, tokens_of=_acronym_tokens)
            others.append((acronym_postings, _ACRONYM_WEIGHT, 0.0, Place.TITLE))
        self._term_ids = dict(term_ids)
        self._compute_scores((in_titles, _TITLE_WEIGHT, _TITLE_B), others)
        title_counts = np.pad(title_counts, (0, len(term_ids) - len(title_counts)))
        self._finish(title_counts, "\n".join(lines), item_popularity, synonyms)

    def _finish(
        self,
        in_titles: Counts,
        lines: str,
        item_popularity: npt.NDArray[np.float64] | None,
        synonyms: Synonyms | None,
    ) -> None:
        self._in_titles, self._lines = in_titles, lines
        self._item_popularity = item_popularity
        dictionary = TermDictionary(
            self._term_ids,
            np.diff(self._column),
            in_titles,
            lines,
            None if item_popularity is None else self._popularity_of,
        )
        self._reader = QueryReader(dictionary, synonyms)
        self._boost = (
            None if item_popularity is None else (1.0 + _POPULARITY_WEIGHT * item_popularity).astype(np.float32)
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The state of the index as arrays, for :meth:`restore`."""
        return {
            "words": np.frombuffer("\n".join(self._term_ids).encode("utf-8", "surrogatepass"), dtype=np.uint8),
            "word_items": self._items,
            "word_scores": self._scores,
            "word_places": self._places,
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
        synonyms: Synonyms | None = None,
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
        index._places = state["word_places"]
        index._term_ids = {word: number for number, word in enumerate(known[: len(index._idf)])}
        _require_postings(index._items, index._scores, index._column, num_items)
        if index._places.dtype != np.uint8 or index._places.shape != index._items.shape:
            raise ValueError("the places of its words have another type or size")
        if not len(index._term_ids) == len(index._idf) == len(state["word_titles"]) == len(index._column) - 1:
            raise ValueError("its words and their columns differ in number")
        lines = state["title_words"].tobytes().decode("utf-8", "surrogatepass")
        index._finish(state["word_titles"], lines, item_popularity, synonyms)
        return index

    def _compute_scores(
        self, titles: tuple[Postings, float, float], others: Sequence[tuple[Postings, float, float, Place]]
    ) -> None:
        """Compute the column of scores of each word from the postings, weights, b and places of the fields."""
        num_items = max(1, self.num_items)
        keys = np.concatenate([titles[0].keys, *(postings.keys for postings, *_ in others)])
        keys.sort(kind="stable")  # a stable sort merges sorted parts in linear time
        keys = keys[np.diff(keys, prepend=-1) > 0]
        weights = np.zeros(len(keys), dtype=np.float32)
        self._places = np.zeros(len(keys), dtype=np.uint8)
        for postings, weight, b, place in others:
            at = np.searchsorted(keys, postings.keys)
            weights[at] = np.maximum(weights[at], postings.weights(weight, b))
            self._places[at] |= np.uint8(place)
        postings, weight, b = titles
        at = np.searchsorted(keys, postings.keys)
        weights[at] += postings.weights(weight, b)
        self._places[at] |= np.uint8(Place.TITLE)
        word, item = np.divmod(keys, num_items)
        self._items = item.astype(np.int32)
        in_items = np.bincount(word, minlength=len(self._term_ids))
        self._column = np.concatenate([[0], np.cumsum(in_items)])
        self._idf = np.log1p((num_items - in_items + 0.5) / (in_items + 0.5)).astype(np.float32)
        self._scores = self._idf[word] * weights / (weights + _K1)

    def search(
        self, query: str, k: int, allowed: npt.NDArray[np.bool_] | None = None, literal: Collection[str] = ()
    ) -> tuple[Rows, Scores]:
        """The items with the highest BM25 scores for a query.

        Parameters
        ----------
        query
            Any text. Words that the catalogue does not have are corrected if possible, and ignored otherwise.
        k
            The maximum number of items; items with none of the words are never returned.
        allowed
            A mask of the items that may be found, shape (num_items,); None allows all.
        literal
            Words that are not corrected.

        Returns
        -------
        items, scores
            Positions in ``titles`` and BM25 scores, best first, both of shape (at most k,). Items with equal scores are
            in the order of the catalogue.
        """
        scores = np.zeros(self.num_items, dtype=np.float32)
        for term in self.query_terms(query, literal):
            if len(term.matches) == 1 and not term.phrases:
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

    def query_terms(self, query: str, literal: Collection[str] = ()) -> list[QueryTerm]:
        """The words of a query and their matches, without stop words and words that match nothing.

        Parameters
        ----------
        query
            Any text.
        literal
            Words that are not corrected.
        """
        return self._reader.terms(query, literal)

    def corrected(self, query: str, literal: Collection[str] = ()) -> str:
        """The query with its misspelt words replaced by words of titles; all other words stay as typed.

        Parameters
        ----------
        query
            Any text.
        literal
            Words that stay as they are.
        """
        return self._reader.corrected(query, literal)

    def corrections(self, query: str, literal: Collection[str] = ()) -> tuple[Correction, ...]:
        """The words of a query that the catalogue does not have, and the words that are searched for instead."""
        return self._reader.corrections(query, literal)

    def unknown_words(self, query: str, literal: Collection[str] = ()) -> tuple[str, ...]:
        """The words of a query that no item has, and that nothing near replaces; stop words are none of them."""
        return self._reader.unknown_words(query, literal)

    def coverage(
        self, query: str, rows: Rows, literal: Collection[str] = (), *, without: Collection[str] = ()
    ) -> Coverage:
        """Which share of a query some items have; see :class:`engine.search.lexical.coverage.Coverage`.

        Parameters
        ----------
        query
            Any text.
        rows
            The items, in any order.
        literal
            Words that are not corrected.
        without
            Words of the catalogue that count as if the items did not have them.
        """
        terms = self.query_terms(query, literal)
        found = [self._occurrences(term, rows, without) for term in terms]
        return measure_coverage(self._reader.content_words(query), terms, found, self._idf_of_unknown, len(rows))

    def name(self, subject: str, rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether items have all words of a subject, in whatever grammatical form: "vampire" for "vampires"."""
        terms = self.query_terms(subject)
        found = [self._occurrences(term, rows) for term in terms]
        return have_all(self.content_words(subject), terms, found, _SAME_WORD, len(rows))

    def term_scores(self, term: QueryTerm, rows: Rows, *, without: Collection[str] = ()) -> Scores:
        """What a term of a query adds to the scores of some items in :meth:`search`, shape (len(rows),).

        Parameters
        ----------
        term
            One of the terms of :meth:`query_terms`.
        rows
            The items, in any order.
        without
            Words of the catalogue that count as if the items did not have them.
        """
        scores = np.zeros(len(rows), dtype=np.float32)
        idf = np.inf if len(term.matches) == 1 and not term.phrases else self._idf_of_matches(term)
        for match, weight in term.matches.items():
            if match not in without:
                capped = weight * min(1.0, idf / float(self._idf[self._term_ids[match]]))
                np.maximum(scores, np.float32(capped) * self._scores_of(match, rows), out=scores)
        for phrase in term.phrases:
            parts = [self._scores_of(word, rows) for word in dict.fromkeys(phrase)]
            if parts and not any(word in without for word in phrase):
                has_all = np.all([part > 0 for part in parts], axis=0)
                np.maximum(scores, has_all * np.float32(_PHRASE_WEIGHT) * np.sum(parts, axis=0), out=scores)
        return scores if self._boost is None else scores * self._boost[rows]

    def _scores_of(self, word: str, rows: Rows) -> Scores:
        """The scores of a word for some items, 0 for those that do not have it."""
        column = self._column_of(word)
        items = self._items[column]
        at = np.minimum(np.searchsorted(items, rows), len(items) - 1)
        return np.where(items[at] == rows, self._scores[column][at], np.float32(0))

    def _occurrences(self, term: QueryTerm, rows: Rows, without: Collection[str] = ()) -> Occurrences:
        """In which of the items, and where in them, a term occurs."""
        weights = np.zeros((3, len(rows)), dtype=np.float32)
        total = 0
        for match, weight in term.matches.items():
            column = self._column_of(match)
            items = self._items[column]
            total += len(items)
            if match in without:
                continue
            at = np.minimum(np.searchsorted(items, rows), len(items) - 1)
            has = items[at] == rows
            if not has.any():  # as for most of the words that begin like an unfinished one
                continue
            places = self._places[column][at]
            of_places = (has, has & (places & np.uint8(Place.TITLE) > 0), has & (places & np.uint8(Place.NAME) > 0))
            for row, wanted in zip(weights, of_places, strict=True):
                np.maximum(row, wanted * np.float32(weight), out=row)
        for phrase in term.phrases:
            has = np.full(len(rows), not any(word in without for word in phrase))
            for word in phrase:
                items = self._items[self._column_of(word)]
                at = np.minimum(np.searchsorted(items, rows), len(items) - 1)
                has &= items[at] == rows
            np.maximum(weights[0], has * np.float32(_PHRASE_WEIGHT), out=weights[0])
        idf = float(np.log1p((self.num_items - min(total, self.num_items) + 0.5) / (total + 0.5)))
        return Occurrences(weights[0], weights[1], weights[2], idf)

    @property
    def _idf_of_unknown(self) -> float:
        return float(np.log1p((self.num_items + 0.5) / 0.5))

    def is_name(self, text: str) -> bool:
        """Whether the words of a text are the name of a person, or a part of one; a spelling mistake is forgiven."""
        its_words = words(self.corrected(text))
        return all(map(self._is_in_names, its_words)) and f" {' '.join(its_words)} " in self._lines

    def is_common(self, word: str) -> bool:
        """Whether several items have a word exactly as typed, or it is a part of the name of a person."""
        if word not in self._term_ids:
            return False
        column = self._column_of(word)
        return column.stop - column.start >= _COMMON or self._is_in_names(word)

    def _is_in_names(self, word: str) -> bool:
        return word in self._term_ids and bool((self._places[self._column_of(word)] & np.uint8(Place.NAME)).any())

    def content_words(self, query: str) -> list[str]:
        """The distinct words of a query without stop words; all words if there are no others."""
        return self._reader.content_words(query)

    def _best_match_scores(self, term: QueryTerm) -> Scores:
        """Each item's score for its best match of a term; the idf of a match is capped at that of all matches."""
        scores = np.zeros(self.num_items, dtype=np.float32)
        numbers = [self._term_ids[match] for match in term.matches]
        idf = self._idf_of_matches(term)
        for number, weight in zip(numbers, term.matches.values(), strict=True):
            column = slice(int(self._column[number]), int(self._column[number + 1]))
            items = self._items[column]
            its_scores = self._scores[column] * np.float32(weight * min(1.0, idf / self._idf[number]))
            scores[items] = np.maximum(scores[items], its_scores)
        for phrase in term.phrases:
            np.maximum(scores, self._phrase_scores(phrase), out=scores)
        return scores

    def _idf_of_matches(self, term: QueryTerm) -> float:
        """The inverse document frequency of all matches of a term together."""
        numbers = [self._term_ids[match] for match in term.matches]
        total = sum(int(self._column[number + 1] - self._column[number]) for number in numbers)
        idf: float = np.log1p((self.num_items - min(total, self.num_items) + 0.5) / (total + 0.5))
        return idf

    def _phrase_scores(self, phrase: Sequence[str]) -> Scores:
        """The scores of the items that have all words of a phrase, 0 for the others."""
        scores = np.zeros(self.num_items, dtype=np.float32)
        num_words = np.zeros(self.num_items, dtype=np.int8)
        for word in dict.fromkeys(phrase):
            column = self._column_of(word)
            scores[self._items[column]] += np.float32(_PHRASE_WEIGHT) * self._scores[column]
            num_words[self._items[column]] += 1
        scores[num_words < len(set(phrase))] = 0
        return scores

    def _popularity_of(self, word: str) -> float:
        """The popularity of the item that a word stands for most likely."""
        column = self._column_of(word)
        items = self._items[column]
        if self._item_popularity is None or not len(items):
            return 0.0
        popularity = self._item_popularity[items]
        return float(popularity[np.argmax(self._scores[column] * (1 + popularity))])

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


def _name_tokens(text: str) -> list[str]:
    """The words of several names, and each name of several words as one token."""
    found = []
    for name in text.split(SEPARATOR):
        its_words = words(name)
        found += its_words
        if 1 < len(its_words) <= LONGEST_NAME:
            found.append(" ".join(its_words))
    return found


def _acronym_tokens(text: str) -> list[str]:
    return [ACRONYM + one for one in text.split(" ")]
