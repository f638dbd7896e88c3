"""Ranks the items of a catalogue for a request, by words alone or by words and meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.errors import RecsysError
from engine.ranking import top_k
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.search import relevance
from engine.search.evidence import Evidence
from engine.search.fusion import Ranking
from engine.search.genre_column import GenreColumn
from engine.text.normalize import split_year

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.search.filters.fields import Fields
    from engine.search.lexical.exact_titles import ExactTitles
    from engine.search.lexical.inverted_index import InvertedIndex
    from engine.search.nudge import Nudge
    from engine.search.request import Request
    from engine.search.reranker import Reranker
    from engine.search.semantic.semantic_index import SemanticIndex
    from engine.search.understanding.moods import Moods

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: The candidates by words, and those by meaning: of the nearest items, the part that is best when known ones are
#: preferred by this much of a cosine.
_BY_WORDS, _NEAREST, _BY_MEANING, _PRIOR = 150, 200, 120, 0.1
#: The candidates whose genres suit the moods of a query.
_BY_MOOD = 100
#: What the part of a weighted sum is called that a person's taste adds.
TASTE = "taste"
#: The best items that the second stage reads.
_RERANKED = 50
#: A text of fewer characters describes nothing but its title and genres.
_DESCRIBED = 80
#: What a subject that was excluded takes off the weighted sum of an item that names it, and the cosine from which an
#: item is taken to be about it, with what each further unit of the cosine takes off.
_NAMED, _ABOUT, _PER_COSINE = 8.0, 0.3, 20.0


class Ranker:
    """Ranks the items of a catalogue by the estimate of :mod:`engine.search.relevance`.

    Parameters
    ----------
    items, fields
        The catalogue and its fields.
    index
        Its keyword index and title index.
    semantic
        Its embeddings.
    popularity, log_popularity
        The popularity of each item, as it is and on a logarithmic scale from 0 to 1, shape (num_items,).
    reranker
        Reads the best items of a search by words and meaning together with the query; None for no second stage.
    """

    def __init__(
        self,
        items: ItemTable,
        fields: Fields,
        index: InvertedIndex,
        semantic: SemanticIndex,
        popularity: Numbers,
        log_popularity: Numbers,
        reranker: Reranker | None = None,
    ) -> None:
        self._reranker = reranker
        self._items = items
        self._fields = fields
        self._index = index
        self._semantic = semantic
        self._popularity = popularity
        self._log_popularity = log_popularity
        self._last_nearest: tuple[object, tuple[Rows, float] | None] = None, None

    def by_words(self, request: Request, k: int, allowed: Mask | None, nudge: Nudge | None = None) -> Ranking:
        """The items that have words of the request, or a title like it, nudged by a person's taste if one is given."""
        evidence = self.evidence(request, k, allowed, by_meaning=False)
        return self._ranked(request, evidence, k, "keyword", nudge=nudge)

    def by_words_and_meaning(
        self, request: Request, k: int, allowed: Mask | None, job: Job | None = None, nudge: Nudge | None = None
    ) -> Ranking:
        """The items that have words of the request, or are near to it in meaning, nudged if a nudge is given.

        Raises
        ------
        RecsysError
            If there are no embeddings, or no model to encode the request with.
        """
        evidence = self.evidence(request, k, allowed, job=job)
        added, trouble = self._second_stage(request, evidence, job)
        ranking = self._ranked(request, evidence, k, "hybrid", added, nudge)
        ranking.note = " · ".join(filter(None, [self._semantic.index()[1], trouble]))
        ranking.encoded_query = request.meaning
        return ranking

    def evidence(
        self,
        request: Request,
        k: int = 10,
        allowed: Mask | None = None,
        *,
        by_meaning: bool = True,
        job: Job | None = None,
    ) -> Evidence:
        """The candidates of a request, and what speaks for each of them.

        Parameters
        ----------
        request
            What is searched for.
        k
            The number of results that are wanted.
        allowed
            A mask of the items that may be found, shape (num_items,); None allows all.
        by_meaning
            Whether meaning counts besides words.
        job
            Checked for cancellation between the two.
        """
        words, titles = self._index.keywords, self._index.titles
        exact, as_typed = exact_titles(titles, request.text, self._items, self._popularity, allowed)
        keyword_scores: dict[int, float] = {}
        for wording in request.wordings:
            found, scores = words.search(wording, max(_BY_WORDS, k), allowed, request.literal)
            for row, score in zip(found.tolist(), scores.tolist(), strict=True):
                keyword_scores[row] = max(score, keyword_scores.get(row, 0.0))
        candidates = dict.fromkeys([*exact[: max(_BY_WORDS, k)], *keyword_scores])
        moods = self._mood(request.moods)
        if moods is not None:
            suiting = np.where(True if allowed is None else allowed, moods + self._log_popularity, -np.inf)
            candidates |= dict.fromkeys(row for row in top_k(suiting, _BY_MOOD).tolist() if moods[row] > 0)
        query, best = None, 0.0
        if by_meaning:
            if job is not None:
                job.checkpoint()
            index, _ = self._semantic.index()
            query = self._semantic.encode_query(request.meaning)
            nearest, best = self.nearest(request, k, allowed)
            candidates |= dict.fromkeys(nearest.tolist())
        rows = np.array(list(candidates), dtype=np.int64)
        is_exact = np.isin(rows, exact)
        coverage = words.coverage(request.words, rows, request.literal)
        for other in request.wordings[1:]:
            coverage = coverage.or_else(words.coverage(other, rows, request.literal))
        evidence = Evidence(
            rows=rows,
            coverage=coverage,
            keyword_scores=np.array([keyword_scores.get(row, 0.0) for row in rows.tolist()]),
            exact=is_exact & as_typed,
            nearly=is_exact & (not as_typed),
            popularity=self._log_popularity[rows],
            undescribed=self._is_undescribed[rows],
            num_words=len(words.content_words(request.words)),
            moods=None if moods is None else moods[rows],
        )
        if query is None:
            return evidence
        genres = self._semantic.genre_cosines(query, self.genres)
        return replace(
            evidence,
            cosines=index.cosines(query, rows).astype(np.float64),
            best_cosine=best,
            genres=None if genres is None or self.genres is None else self.genres.largest(genres, rows),
            best_genre=0.0 if genres is None else float(genres.max(initial=0.0)),
        )

    def nearest(self, request: Request, k: int, allowed: Mask | None) -> tuple[Rows, float]:
        """The rows of the candidates by meaning, and the largest cosine.

        The last answer is kept: what a search has found is counted after it, which must not compare all vectors again.

        Raises
        ------
        RecsysError
            If there are no embeddings, or no model to encode the request with.
        """
        index, _ = self._semantic.index()
        compared, kept = max(_NEAREST, 2 * k), max(_BY_MEANING, k)
        key = index, request.meaning, compared, kept, None if allowed is None else allowed.tobytes()
        last_key, found = self._last_nearest
        if found is None or last_key != key:
            query = self._semantic.encode_query(request.meaning)
            rows, cosines = index.search(query, compared, allowed)
            preferred = np.argsort(-(cosines + _PRIOR * self._log_popularity[rows]), kind="stable")
            found = rows[preferred[:kept]], float(cosines.max(initial=0.0))
            self._last_nearest = key, found
        return found

    def explain(
        self,
        request: Request,
        row: int,
        k: int,
        allowed: Mask | None,
        *,
        by_meaning: bool = True,
        nudge: Nudge | None = None,
    ) -> dict[str, float]:
        """What the features of an item add to its weighted sum, compared with the mean of all candidates.

        Parameters
        ----------
        request, k, allowed, by_meaning
            See :meth:`evidence`.
        row
            The row of the item.
        nudge
            The taste by which the results are nudged.

        Returns
        -------
        dict
            Feature -> its part of the sum; empty if the item is no candidate.
        """
        evidence = self.evidence(request, k, allowed, by_meaning=by_meaning)
        places = np.flatnonzero(evidence.rows == row)
        if not len(places):
            return {}
        parts = relevance.contributions(evidence, int(places[0]))
        for subject in request.avoided:
            parts[f"about {subject!r}"] = -float(self._about(subject, evidence)[places[0]])
        added, _ = self._second_stage(request, evidence)
        if added is not None:
            parts["re-ranked"] = float(added[places[0]])
        if nudge is not None:
            parts[TASTE] = float(relevance.of_nudge(evidence, nudge)[places[0]])
        return parts

    def _second_stage(self, request: Request, evidence: Evidence, job: Job | None = None) -> tuple[Numbers | None, str]:
        """What the second stage adds to the weighted sums of the best items, and why there is none."""
        reranker = self._reranker
        if reranker is None or evidence.cosines is None:
            return None, ""
        if not reranker.ready:
            return None, reranker.trouble and f"Not re-ranked: {reranker.trouble}"
        best = np.lexsort((evidence.rows, -self.sums(request, evidence)))[:_RERANKED]
        texts = self._items.table.column("text").take(evidence.rows[best]).to_pylist()
        # A model that knows English only is asked for the words in English.
        query = request.words if request.any_language and not reranker.multilingual else request.meaning
        try:
            logits = reranker.logits(query, [text or "" for text in texts], job)
        except RecsysError as error:  # the order of the first stage is better than none
            return None, f"Not re-ranked: {error}"
        added = np.zeros(len(evidence.rows))
        added[best] = relevance.of_logits(logits)
        return added, ""

    def sums(self, request: Request, evidence: Evidence) -> Numbers:
        """The weighted sums of some items, lowered for what is about a subject that was excluded."""
        sums = relevance.weighted(evidence)
        for subject in request.avoided:
            sums -= self._about(subject, evidence)
        return sums

    def _ranked(
        self,
        request: Request,
        evidence: Evidence,
        k: int,
        method: str,
        added: Numbers | None = None,
        nudge: Nudge | None = None,
    ) -> Ranking:
        sums = self.sums(request, evidence)
        if added is not None:
            sums += added
        nudged = sums if nudge is None else sums + relevance.of_nudge(evidence, nudge)
        # An item whose title is the query comes first, the best known of several; so does one whose title is nearly
        # the query, if the query is misspelt.
        first = np.flatnonzero(self.comes_first(request, evidence))
        if len(first):
            order = np.argsort(-self._popularity[evidence.rows[first]], kind="stable")
            above = 1e-3 * np.arange(len(first), 0, -1)
            sums[first[order]] = float(sums.max()) + above
            if nudge is not None:
                nudged[first[order]] = float(nudged.max()) + above
        scores = relevance.match(evidence, sums)
        best = np.lexsort((evidence.rows, -nudged))[:k]
        rows = evidence.rows[best].tolist()
        cosines: dict[int, float] = {}
        if evidence.cosines is not None:
            cosines = dict(zip(rows, evidence.cosines[best].tolist(), strict=True))
        return Ranking(
            dict(zip(rows, scores[best].tolist(), strict=True)),
            method,
            exact=frozenset(evidence.rows[evidence.exact].tolist()),
            nearly=frozenset(evidence.rows[evidence.nearly].tolist()),
            cosines={row: cosine for row, cosine in cosines.items() if np.isfinite(cosine)},
            is_nudged=nudge is not None,
            evidence=evidence,
        )

    def comes_first(self, request: Request, evidence: Evidence) -> Mask:
        """Which items come before all others, as their title is the query, or nearly if the query is misspelt."""
        is_misspelt = bool(self._index.keywords.corrections(request.words, request.literal))
        return evidence.exact | (evidence.nearly & is_misspelt)

    def _about(self, subject: str, evidence: Evidence) -> Numbers:
        """How much the weighted sums of the candidates fall for being about a subject."""
        fall = np.where(self._index.keywords.name(subject, evidence.rows), _NAMED, 0.0)
        if evidence.cosines is not None:
            cosines = self._semantic.index()[0].cosines(self._semantic.encode_query(subject), evidence.rows)
            fall += _PER_COSINE * np.maximum(0.0, np.nan_to_num(cosines) - _ABOUT)
        return fall

    def _mood(self, moods: Moods) -> Numbers | None:
        """How well the genres of all items suit some moods, from -1 to 1, shape (num_items,); None without moods."""
        if not moods.genres or self.genres is None:
            return None
        return self.genres.suiting(moods)

    @locked_property
    def genres(self) -> GenreColumn | None:
        """The genres of the catalogue; None if it has none."""
        return GenreColumn.of(self._fields)

    @locked_property
    def _is_undescribed(self) -> Mask:
        import pyarrow.compute as pc

        lengths = pc.utf8_length(self._items.table.column("text").cast("string")).fill_null(0)
        is_short: Mask = lengths.to_numpy() < _DESCRIBED
        return is_short


def by_meaning(
    semantic: SemanticIndex, query: str, k: int, allowed: Mask | None, nudge: Nudge | None = None
) -> Ranking:
    """The items that are nearest to a query in meaning, in the order of their cosines; no words are needed.

    Raises
    ------
    RecsysError
        If there are no embeddings, or no model to encode the query with.
    """
    index, note = semantic.index()
    rows, cosines = index.search(semantic.encode_query(query), k if nudge is None else max(k, _BY_MEANING), allowed)
    if nudge is not None:
        best = np.argsort(-relevance.nudged_cosines(cosines, rows, nudge), kind="stable")[:k]
        rows, cosines = rows[best], cosines[best]
    scores = relevance.match_of_cosine(cosines)
    found = dict(zip(rows.tolist(), scores.tolist(), strict=True))
    of_rows = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
    return Ranking(found, "semantic", cosines=of_rows, note=note, encoded_query=query, is_nudged=nudge is not None)


def exact_titles(
    titles: ExactTitles, query: str, items: ItemTable, popularity: Numbers, allowed: Mask | None
) -> tuple[list[int], bool]:
    """Rows of the items whose title is the query, most popular first, and whether the query spells it correctly."""
    rows, as_typed = titles.find(query)
    year = split_year(query.strip())[1]
    if year is not None and rows:
        years = items.table.column("year").take(rows).to_pylist()
        rows = [row for row, its_year in zip(rows, years, strict=True) if its_year in (None, year)]
    rows = sorted(rows, key=lambda row: -popularity[row])
    return rows if allowed is None else [row for row in rows if allowed[row]], as_typed
