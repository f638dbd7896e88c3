"""What the match of an item owes to parts of it: how far it falls without a word, a sentence or a genre.

The words and sentences that are named are those without which an item's match would be lowest. Whether they are the
cause can therefore be tested by taking them out of the catalogue; see :mod:`engine.evaluation.removal`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.search import relevance
from engine.search.explanations import ItemMatch, MatchedTerms, phrases, searched_texts, words_of_text
from engine.search.highlighting import spans
from engine.search.lexical.coverage import Coverage
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.data.items import Item
    from engine.runtime.job import Job
    from engine.search.evidence import Evidence
    from engine.search.lexical.bm25 import BM25Index
    from engine.search.ranker import Ranker
    from engine.search.request import Request
    from engine.search.semantic.semantic_index import SemanticIndex

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: The phrases that are taken away for a try: those that are nearest to the query by themselves.
_TRIED = 4
#: A word of the title and the text has about so much more of a BM25F score than one of the text alone.
_IN_TITLE = 0.3
#: The candidates of a request among which an item is weighed.
_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an item.

    Attributes
    ----------
    label
        The part as it is shown; words are in quotation marks.
    words
        The folded words that the item does not have without it.
    phrase
        The phrase as it stands in the item; empty for a word, which is taken away wherever it stands.
    """

    label: str
    words: frozenset[str]
    phrase: str = ""

    def is_of_title(self, title: str) -> bool:
        """Whether a title is another one without this part."""
        return self.phrase == title or not self.words.isdisjoint(words(title))

    def taken_from(self, text: str) -> str:
        """A text without this part."""
        if self.phrase:
            return re.sub(rf"(?<!\w){re.escape(self.phrase)}(?!\w)", " ", text)
        for start, end in reversed(spans(text, self.words)):
            text = f"{text[:start]} {text[end:]}"
        return text


class WordEffects:
    """How much the weighted sums of items would fall without each word of a query, by words alone.

    It is computed for the items of a list from what the search has found out, so that a list costs no more than before.
    A word is taken to have that part of the BM25F score that it has of the words, and somewhat more if it is in the
    title; the meaning of a text is taken to stay what it is.

    Parameters
    ----------
    evidence
        The evidence for the candidates of a search.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._order = np.argsort(evidence.rows)

    def of(self, rows: Rows) -> list[dict[str, float]]:
        """The effect of each word on each of these items, which must be candidates."""
        of_words = self._evidence.coverage.of_words
        if len(of_words) < 2:  # there is nothing to compare
            return [{} for _ in rows]
        places = self._order[np.searchsorted(self._evidence.rows, rows, sorter=self._order)]
        # The items as they are, then without the first word, without the second one, and so on.
        num_versions = 1 + len(of_words)
        of_versions = np.zeros((3, num_versions, len(rows)), dtype=np.float32)
        for number, word in enumerate(of_words, start=1):
            of_versions[:, number] = of_words[word][:, places]
        shares = of_versions.reshape(3, -1)
        versions = self._evidence.take(np.tile(places, num_versions))
        whole = versions.coverage.anywhere + _IN_TITLE * versions.coverage.in_title
        kept = 1.0 - (shares[0] + _IN_TITLE * shares[1]) / np.maximum(whole, 1e-9)
        versions = replace(
            versions,
            coverage=versions.coverage.less(shares),
            keyword_scores=versions.keyword_scores * np.clip(kept, 0.0, 1.0),
        )
        sums = relevance.weighted(versions).reshape(num_versions, -1)
        falls = (sums[0] - sums[1:]).T.tolist()
        return [dict(zip(of_words, of_item, strict=True)) for of_item in falls]


class RemovalEffects:
    """Takes parts away from an item that somebody looks at, and weighs it anew.

    Parameters
    ----------
    keywords
        The index of words.
    semantic
        The embeddings.
    ranker
        Weighs the item.
    """

    def __init__(self, keywords: BM25Index, semantic: SemanticIndex, ranker: Ranker) -> None:
        self._keywords = keywords
        self._semantic = semantic
        self._ranker = ranker

    def of_request(
        self, request: Request, item: Item, allowed: Mask | None, *, by_meaning: bool = True, job: Job | None = None
    ) -> list[tuple[Part, float]]:
        """How far an item's match falls without its words of a request and the sentences nearest to it.

        Parameters
        ----------
        request
            What was searched for.
        item
            The item.
        allowed
            A mask of the items that could be found, shape (num_items,); None for all.
        by_meaning
            Whether meaning counts besides words.
        job
            Checked every few texts for cancellation.

        Returns
        -------
        list of (part, fall)
            The parts without which the match is lower, the weightiest first; empty if the item is no candidate.
        """
        evidence = self._ranker.evidence(request, _DEPTH, allowed, by_meaning=by_meaning, job=job)
        places = np.flatnonzero(evidence.rows == item.internal_id - 1)
        if not len(places):
            return []
        sums, comes_first = self._ranker.sums(request, evidence), self._ranker.comes_first(request, evidence)
        whole, is_first = evidence.take(places), bool(comes_first[places[0]])
        parts = _word_parts(MatchedTerms(self._keywords.query_terms(request.words, request.literal)).in_item(item))
        cosines: Numbers | None = None
        if whole.cosines is not None and np.isfinite(whole.cosines[0]):
            parts += self._phrase_parts(request.meaning, item, [part.label for part in parts], job)
            cosines = self._cosines(request.meaning, item, parts, job)
        first_sum = max(float(sums.max()), float(sums[places[0]]))
        match = relevance.match(whole, np.array([first_sum if is_first else sums[places[0]]]))[0]
        whole_cosine = 0.0 if cosines is None else cosines[0]
        falls = []
        for number, part in enumerate(parts, start=1):
            other = self._without(part, request, item, whole)
            if cosines is not None and other.cosines is not None:
                other = replace(other, cosines=other.cosines + (cosines[number] - whole_cosine))
            stays_first = is_first and not part.is_of_title(item.title)
            rest = first_sum if stays_first else float(self._ranker.sums(request, other)[0])
            falls.append((part, float(match - relevance.match(other, np.array([rest]))[0])))
        return _lowering(falls)

    def of_meaning(self, query: str, item: Item, job: Job | None = None) -> list[tuple[Part, float]]:
        """As :meth:`of_request`, for a search by meaning alone.

        Parameters
        ----------
        query
            What was searched for.
        item, job
            As in :meth:`of_request`.
        """
        parts = self._phrase_parts(query, item, (), job)
        matches = relevance.match_of_cosine(self._cosines(query, item, parts, job))
        return _lowering([(part, float(matches[0] - one)) for part, one in zip(parts, matches[1:], strict=True)])

    def _without(self, part: Part, request: Request, item: Item, whole: Evidence) -> Evidence:
        """The evidence for an item without a part, but for its cosine."""
        keywords, rows, literal = self._keywords, whole.rows, request.literal
        coverage: Coverage | None = None
        scores = []
        for wording in request.wordings:
            one = keywords.coverage(wording, rows, literal, without=part.words)
            coverage = one if coverage is None else coverage.or_else(one)
            terms = keywords.query_terms(wording, literal)
            scores.append(sum((keywords.term_scores(term, rows, without=part.words) for term in terms), np.zeros(1)))
        assert coverage is not None
        if part.phrase == item.title:  # its words may still stand in the text
            nothing = np.zeros(1, dtype=np.float32)
            coverage = replace(coverage, in_title=nothing)
        has_title = not part.is_of_title(item.title)
        other = replace(
            whole,
            coverage=coverage,
            keyword_scores=np.minimum(whole.keyword_scores, np.max(scores, axis=0)),
            exact=whole.exact & has_title,
            nearly=whole.nearly & has_title,
        )
        return replace(other, genres=self._nearest_genre(part, request, item, whole))

    def _nearest_genre(self, part: Part, request: Request, item: Item, whole: Evidence) -> Numbers | None:
        """The cosine of the nearest of an item's genres that are left without a part."""
        column = self._ranker.genres
        left = [genre for genre in item.genres if part.taken_from(genre).strip()]
        if whole.genres is None or column is None or len(left) == len(item.genres):
            return whole.genres
        values = self._semantic.genre_cosines(self._semantic.encode_query(request.meaning), column)
        of_names = {} if values is None else dict(zip(column.names, values.tolist(), strict=True))
        return np.array([max((of_names[genre] for genre in left if genre in of_names), default=0.0)])

    def _phrase_parts(self, query: str, item: Item, known: Collection[str], job: Job | None) -> list[Part]:
        """The phrases of an item that are nearest to a query, without those that are single words already."""
        found = [one for one in phrases(item) if f'"{" ".join(words(one))}"' not in known]
        cosines = self._semantic.cosines(query, found, job)
        return [_phrase_part(item, found[best]) for best in np.argsort(-cosines, kind="stable")[:_TRIED]]

    def _cosines(self, query: str, item: Item, parts: Sequence[Part], job: Job | None) -> Numbers:
        """The larger cosine of an item's texts with a query, and the same without each part, shape (1 + parts,)."""
        texts = self._semantic.texts_of(item)
        versions = [texts, *([part.taken_from(text) for text in texts] for part in parts)]
        different = list(dict.fromkeys(text for version in versions for text in version))
        cosines = dict(zip(different, self._semantic.cosines(query, different, job).tolist(), strict=True))
        return np.array([max((cosines[text] for text in version), default=0.0) for version in versions])


def _word_parts(match: ItemMatch) -> list[Part]:
    return list({found: Part(f'"{shown}"', found) for shown, found in match.of_terms()}.values())


def _phrase_part(item: Item, phrase: str) -> Part:
    """A phrase, with the words that the item has in no other place."""
    part = Part(phrase, frozenset(), phrase)
    texts = [item.title, *item.genres, item.text, *searched_texts(item)]
    rest: frozenset[str] = frozenset().union(*(words_of_text(part.taken_from(text)) for text in texts))
    return replace(part, words=words_of_text(phrase) - rest)


def _lowering(falls: Sequence[tuple[Part, float]]) -> list[tuple[Part, float]]:
    """The parts without which the match is lower, the weightiest first."""
    return sorted((one for one in falls if one[1] > 0), key=lambda one: -one[1])
