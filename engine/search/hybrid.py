"""The search index: keyword, semantic and hybrid search, and similar items."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from engine.data.popularity import item_popularity, log_popularity
from engine.data.ranked_pages import RankedPages
from engine.data.results import BY_POPULARITY, Answer, Result
from engine.errors import OptionError, RecsysError
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.search.doubt import doubt, doubt_of_conditions, doubt_of_exclusions, doubt_of_language
from engine.search.explanations import MatchedTerms
from engine.search.filters.fields import Fields
from engine.search.filters.orders import SORT
from engine.search.filters.parser import Filter, mask, require_filters
from engine.search.fusion import PINNED, Ranking
from engine.search.hidden import AdultItems
from engine.search.left_out import Allowed, LeftOut
from engine.search.lexical.inverted_index import CacheFile, InvertedIndex
from engine.search.modes import LIKE_BY, MODES
from engine.search.ordering import Ordering
from engine.search.pinned_rows import PinnedRows
from engine.search.ranker import TASTE, Ranker, by_meaning, exact_titles
from engine.search.removal import Part, RemovalEffects, WordEffects
from engine.search.request import Request
from engine.search.request_reader import RequestReader
from engine.search.semantic.semantic_index import SemanticIndex
from engine.search.similar_items import SimilarItems
from engine.search.understanding.languages import read_language

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.search.encoder.encoder import Encoder
    from engine.search.filters.orders import Order
    from engine.search.nudge import Nudge
    from engine.search.reranker import Reranker
    from engine.search.semantic.vector_store import VectorStore

Scores = npt.NDArray[np.float32]
T = TypeVar("T")

#: The number of results among which another order is sought, and which are counted and explained.
_DEPTH = 100
#: Candidates for reranking by diversity: the minimum, and the number per result. Candidates of lower rank would no
#: longer fit the query.
_MIN_CANDIDATES, _CANDIDATES_PER_RESULT = 30, 3


class SearchIndex:
    """Finds items by a query, or by another item.

    Nothing is computed before it is needed. The first keyword search indexes the words: that takes about two seconds
    for 45 thousand items, and happens only once if the index is cached in a file. The first semantic search loads the
    model. The index is thread-safe: one thread may search while another one embeds.

    Parameters
    ----------
    items
        The catalogue.
    store
        The vectors of the catalogue's texts. Without them only keyword search is possible.
    encoder
        The model that encodes queries, on whose device vectors are compared. Without it, semantic search can only find
        items that are similar to another item.
    popularity
        The number of interactions of each item, by internal id. It tells how well an item is known, which counts in
        every match.
    co_occurrence
        A function that takes the internal id of an item and returns its similarity to every internal id from 0 on,
        computed from the users who liked both; see :meth:`engine.search.co_occurrence.CoOccurrence.similarity`. None if
        there are no interactions.
    extra_columns
        Numbers for each item that can be filtered by, in addition to the catalogue's columns.
    cache_file
        The file that keeps the keyword index from one start of the program to the next.
    synonyms_file
        A file with words that mean the same; see :mod:`engine.search.lexical.synonyms`.
    unavailable
        The error to raise where a store or an encoder is needed but could not be created; None if there is no error.
    reranker
        A cross-encoder for the second stage of hybrid search; see :mod:`engine.search.reranker`. None for one stage.
    marks
        A function that returns the pinned and the hidden items as they are now; it is asked in every search.

    Attributes
    ----------
    fields
        The fields that a filter can name.
    semantic
        The embeddings of the catalogue.
    adult
        The items for adults.
    """

    def __init__(
        self,
        items: ItemTable,
        store: VectorStore | None = None,
        encoder: Encoder | None = None,
        *,
        popularity: npt.NDArray[Any] | None = None,
        co_occurrence: Callable[[int], Scores] | None = None,
        extra_columns: Mapping[str, npt.NDArray[Any]] | None = None,
        cache_file: CacheFile | None = None,
        synonyms_file: Path | None = None,
        unavailable: RecsysError | None = None,
        reranker: Reranker | None = None,
        marks: Callable[[], PinnedRows] = PinnedRows,
    ) -> None:
        self.items = items
        self.fields = Fields(items, extra_columns)
        self.adult = AdultItems(self.fields)
        self._popularity = popularity
        self.semantic = SemanticIndex(items, store, encoder, unavailable, self._log_popularity)
        self._co_occurrence = co_occurrence
        self._index_lock = threading.Lock()
        self._cache_file = cache_file
        self._synonyms_file = synonyms_file
        self._reranker = reranker
        self._marks = marks
        self._inverted_index: InvertedIndex | None = None
        self._reader = RequestReader(
            items, self.fields, self.semantic, lambda: self._item_popularity, lambda: self._inverted_index
        )

    def search(
        self,
        query: str = "",
        k: int = 10,
        mode: str = "hybrid",
        filters: str | Sequence[Filter] | None = None,
        *,
        like: int | None = None,
        like_by: str | None = None,
        diversity: float = 0.0,
        order: Order | None = None,
        literal: Collection[str] = (),
        job: Job | None = None,
        adult: bool = False,
        made: int | None = None,
        nudge: Nudge | None = None,
    ) -> Answer:
        """Find the items that match a query or are similar to another item, best first.

        Parameters
        ----------
        query
            Any text. It is never parsed for filters; what it asks for in words ("french comedies before 1960 without
            ghosts", "like Alien but funny") is understood in hybrid and keyword search, see
            :func:`engine.search.request.understand`.
        k
            The number of results; fewer are returned if fewer items match.
        mode
            ``"keyword"`` ranks by words, ``"semantic"`` by the cosine of the embeddings, and ``"hybrid"`` by both, and
            by how well an item is known; see :mod:`engine.search.relevance`. In keyword and hybrid search an item whose
            title equals the query comes first. While the catalogue is only partly embedded, semantic search covers the
            embedded items, and the answer's note says how many there are.
        filters
            Conditions that each result must meet: a line such as ``"genre:comedy year:>=2010"``, or filters from
            :func:`engine.search.filters.parser.parse`. With filters but neither a query nor ``like``, all items that
            meet the conditions are found, the most popular first.
        like
            The internal id of an item whose similar items are wanted. A query that is given as well shifts the semantic
            search towards its own meaning.
        like_by
            ``"meaning"`` compares embeddings, ``"taste"`` compares the users who liked the items, and ``"both"`` fuses
            the two lists by reciprocal rank. None uses both if both are available for the item, otherwise the one that
            is available.
        diversity
            From 0 (ranked by score alone) to 1: the penalty for a result that resembles those above it.
        order
            The order of the results; None for the one that the query asks for, or the best match first. Results that
            hardly match are left out of another order.
        literal
            Words of the query that are neither corrected nor understood as conditions.
        job
            Checked at intervals for cancellation.
        adult
            Whether items for adults are found, too. Otherwise they are left out and counted, unless the query, a filter
            or the item ``like`` asks for them; see :mod:`engine.search.hidden`.
        made
            The number of results that are made at once; None for all. The others are in the answer's ``whole`` list.
        nudge
            Raises what suits a person's taste among the results for words; their matches stay as they are. Items like
            another, other orders and searches without words are not nudged.

        Raises
        ------
        RecsysError
            If there is nothing to search for.
        OptionError
            If the mode does not exist, ``k`` is below 1, or a filter is invalid.
        NotTrainedError
            If embeddings are needed and no item is embedded yet, or the item ``like`` is not.
        """
        if mode not in MODES:
            raise OptionError(f"There is no search mode {mode!r}: choose hybrid, semantic or keyword.")
        if like_by is not None and like_by not in LIKE_BY:
            raise OptionError(f"Items cannot be alike by {like_by!r}: choose meaning, taste or both.")
        if k < 1:
            raise OptionError(f"{k} results cannot be shown: ask for at least 1.")
        if not 0 <= diversity <= 1:
            raise OptionError(f"A diversity of {diversity:g} is impossible: it goes from 0 to 1.")
        wanted = () if filters is None else require_filters(filters, self.fields)
        if not query.strip() and like is None and not wanted and order is None:
            raise RecsysError("There is nothing to search for: type some words.")
        left_out = self._left_out(query, wanted, like, adult=adult)
        fitting = mask(wanted, self.fields)
        allowed = left_out.visible(fitting)
        depth = k if diversity == 0 else max(_MIN_CANDIDATES, _CANDIDATES_PER_RESULT * k)
        if like is not None:
            if mode == "keyword":
                raise OptionError(
                    "Items like another are found by meaning or taste, not by keyword: choose another mode."
                )
            ranking = self._similar.like(like, query, _depth(depth, order, left_out), allowed, like_by)
        elif not query.strip():
            return left_out.counted(self.popular(k, allowed, order, made), fitting)
        elif mode == "semantic":
            ranking = by_meaning(self.semantic, query, _depth(depth, order, left_out), allowed, nudge)
        else:
            return self._understood(
                query, k, depth, mode, wanted, order, literal, diversity, job, left_out, made, nudge
            )
        arranged = self._arranged(ranking, order, k, diversity, left_out)
        answer = self._answer(arranged, Request.plain(query), made, nudge)
        if mode == "semantic" and like is None and not self.semantic.multilingual:
            answer = replace(answer, remark=doubt_of_language(read_language(query, self._reader.is_known)))
        return left_out.counted(answer, fitting)

    def found(
        self,
        query: str = "",
        mode: str = "hybrid",
        filters: Sequence[Filter] = (),
        *,
        literal: Collection[str] = (),
        adult: bool = False,
    ) -> npt.NDArray[np.int64]:
        """The rows of all items that a search could list, for counts of what was found; in no particular order.

        These are the items that have any word of the query, and those that are nearest to it in meaning, among the
        items that meet the conditions; without a query, all that meet them.

        Parameters
        ----------
        query, mode, filters, literal, adult
            As in :meth:`search`. Of an index without embeddings, or with a model that is not loaded, the words alone
            are taken.
        """
        left_out = self._left_out(query, filters, adult=adult)
        request, allowed = Request.plain(query), left_out.meeting(filters, self.fields)
        if mode == "semantic" and query.strip():
            with suppress(RecsysError):  # the search itself says so
                return np.array(list(by_meaning(self.semantic, query, _DEPTH, allowed).scores), dtype=np.int64)
            return np.zeros(0, dtype=np.int64)
        if query.strip():
            request, allowed = self._fitting(query, filters, literal, left_out)
        if request.moved is not None and mode == "hybrid":
            moved = self._moved(request, _DEPTH, allowed)
            if moved is not None:
                return np.array(list(moved.scores), dtype=np.int64)
        if request.is_empty:
            allowed = self._without(request, allowed)
            return np.arange(len(self.items)) if allowed is None else np.flatnonzero(allowed)
        found = np.zeros(len(self.items), dtype=bool)
        for wording in request.wordings:
            found[self._index.keywords.search(wording, len(self.items), allowed, request.literal)[0]] = True
        try:
            candidates = self._ranker.evidence(request, _DEPTH, allowed, by_meaning=mode == "hybrid").rows
        except RecsysError:  # the search itself says so
            candidates = self._ranker.evidence(request, _DEPTH, allowed, by_meaning=False).rows
        found[candidates] = True
        return np.flatnonzero(found)

    def popular(
        self, k: int = 10, allowed: Allowed = None, order: Order | None = None, made: int | None = None
    ) -> Answer:
        """The most popular of the allowed items; neither the keyword index nor embeddings are needed.

        Parameters
        ----------
        k
            The number of results.
        allowed
            A mask of the items that may be returned, shape (num_items,); None allows all.
        order
            Another order than by popularity.
        made
            As in :meth:`search`.
        """
        popularity, marks = self._item_popularity, self._marks()
        allowed = marks.visible(allowed)
        rows = self._ordering.first(order, allowed, k)
        if order is None:
            rows = marks.first(rows, allowed)

        def make(ids: npt.NDArray[np.int64], rank: int) -> list[Result]:
            scores = popularity[ids - 1].tolist()
            found = zip(self.items.take(ids), scores, strict=True)
            return [
                Result(place, item, score, reason=PINNED if item.internal_id - 1 in marks.pinned else "")
                for place, (item, score) in enumerate(found, rank)
            ]

        return _beginning(RankedPages(rows + 1, make), BY_POPULARITY, made)

    def corrected(self, query: str) -> str:
        """The text that a hybrid search encodes: what is left of the query, with its misspelt words corrected."""
        return query if self._inverted_index is None else self.request(query).meaning

    def prepare_reading(self) -> None:
        """Make ready what reading a query needs: the vocabularies, and the spellings of all words."""
        self.request("pelikula de vampiros mispelt wordz")

    def prepare_keywords(self, job: Job | None = None) -> None:
        """Index the words now rather than at the first search."""
        if self._inverted_index is None:
            with self._index_lock:
                if self._inverted_index is None:
                    self._inverted_index = InvertedIndex.of(
                        self.items, self._log_popularity, self._cache_file, job, self._synonyms_file
                    )

    # -- by a query -----------------------------------------------------------------------------------------
    def _understood(
        self,
        query: str,
        k: int,
        depth: int,
        mode: str,
        typed: Sequence[Filter],
        order: Order | None,
        literal: Collection[str],
        diversity: float,
        job: Job | None,
        left_out: LeftOut,
        made: int | None = None,
        nudge: Nudge | None = None,
    ) -> Answer:
        """The answer to a query in words, after what it asks for is understood."""
        self.prepare_keywords(job)
        request, allowed = self._fitting(query, typed, literal, left_out)
        fitting = mask((*typed, *request.filters), self.fields)
        if order is not None:  # what is typed goes before what words ask for
            kept = tuple(one for one in request.understood if not one.condition.startswith(f"{SORT}:"))
            request = replace(request, understood=kept)
        order = order or request.order
        depth = _depth(depth, order, left_out)
        if request.moved is not None and mode == "hybrid":
            moved = self._moved(request, depth, allowed)
            if moved is not None:
                moved = self._arranged(moved, order, k, diversity, left_out)
                return left_out.counted(self._answer(moved, request, made), fitting)
        if request.is_empty:
            found = self.popular(k, self._without(request, allowed), order, made)
            unnamed = doubt_of_exclusions(request.avoided, self._index.keywords.unknown_words)
            remark = doubt_of_conditions(found, request) or unnamed
            return left_out.counted(replace(found, understood=request.understood, remark=remark), fitting)
        note = ""
        if mode == "hybrid":
            try:
                ranking = self._ranker.by_words_and_meaning(request, depth, allowed, job, nudge)
            except RecsysError as error:  # no embeddings or no model: keyword results are better than none
                ranking, note = self._ranker.by_words(request, depth, allowed, nudge), f"By keyword only: {error}"
        else:
            ranking = self._ranker.by_words(request, depth, allowed, nudge)
        if note:
            ranking.note = note
        answer = self._answer(self._arranged(ranking, order, k, diversity, left_out), request, made, nudge)
        return left_out.counted(answer, fitting)

    def _left_out(
        self, query: str, filters: Sequence[Filter], like: int | None = None, *, adult: bool = False
    ) -> LeftOut:
        """What this search leaves out."""
        return LeftOut(None if adult else self.adult.hidden(query, filters, like), self._marks())

    def _arranged(self, ranking: Ranking, order: Order | None, k: int, diversity: float, left_out: LeftOut) -> Ranking:
        """The first ``k`` in the wanted order, varied, and pinned items before all others in the usual order."""
        ranking = self._ordering.sorted(ranking, order)
        marked = left_out.marks.pinned
        pinned = [row for row in ranking.scores if row in marked] if marked else []
        if not pinned or ranking.is_sorted:
            return self._similar.varied(ranking, k, diversity)
        others = ranking.keep([row for row in ranking.scores if row not in pinned])
        rows = [*pinned, *self._similar.varied(others, k, diversity).scores]
        return replace(ranking.keep(rows[:k]), pinned=frozenset(pinned), is_sorted=True)

    def _fitting(
        self, query: str, typed: Sequence[Filter], literal: Collection[str], left_out: LeftOut
    ) -> tuple[Request, Allowed]:
        self.prepare_keywords()
        return self._reader.fitting(query, typed, literal, left_out)

    def request(self, query: str, literal: Collection[str] = ()) -> Request:
        """What a query asks for; the keyword index is needed for the words of the catalogue."""
        self.prepare_keywords()
        return self._reader.request(query, literal)

    def explain(
        self,
        query: str,
        internal_id: int,
        mode: str = "hybrid",
        filters: Sequence[Filter] = (),
        literal: Collection[str] = (),
        *,
        adult: bool = False,
        nudge: Nudge | None = None,
    ) -> dict[str, float]:
        """What speaks for and against an item as an answer to a query; see :meth:`Ranker.explain`.

        Parameters
        ----------
        query, mode, filters, literal, adult, nudge
            As in :meth:`search`.
        internal_id
            The internal id of the item.
        """
        if not query.strip() or mode == "semantic":
            return {} if nudge is None or not query.strip() else {TASTE: float(nudge.logits(np.array(internal_id - 1)))}
        return self._of_weighed(
            lambda request, allowed, by_meaning: self._ranker.explain(
                request, internal_id - 1, _DEPTH, allowed, by_meaning=by_meaning, nudge=nudge
            ),
            {},
            query,
            mode,
            filters,
            literal,
            adult=adult,
        )

    def removal_effects(
        self,
        query: str,
        internal_id: int,
        mode: str = "hybrid",
        filters: Sequence[Filter] = (),
        literal: Collection[str] = (),
        *,
        adult: bool = False,
        job: Job | None = None,
    ) -> list[tuple[Part, float]]:
        """How far the match of an item falls without its words of a query, and without its sentences and genres.

        Each sentence that is tried is embedded: this suits one item that a user looks at, not a whole list.

        Parameters
        ----------
        query, mode, filters, literal, adult, job
            As in :meth:`search`.
        internal_id
            The internal id of the item.

        Returns
        -------
        list of (part, fall)
            The parts without which the match is lower, the weightiest first. Empty for an item that is no candidate,
            and for items like another.

        Raises
        ------
        RecsysError
            If the search is by meaning, and there are no embeddings or no model.
        """
        item = self.items[internal_id]
        if not query.strip():
            return []
        if mode == "semantic":
            return self._removal.of_meaning(query, item, job)
        return self._of_weighed(
            lambda request, allowed, by_meaning: self._removal.of_request(
                request, item, allowed, by_meaning=by_meaning, job=job
            ),
            [],
            query,
            mode,
            filters,
            literal,
            adult=adult,
        )

    def _of_weighed(
        self,
        tell: Callable[[Request, Allowed, bool], T],
        nothing: T,
        query: str,
        mode: str,
        filters: Sequence[Filter],
        literal: Collection[str],
        *,
        adult: bool,
    ) -> T:
        """What is told of a search that weighs words, with meaning as far as it has any; ``nothing`` for others."""
        left_out = self._left_out(query, filters, adult=adult)
        request, allowed = self._fitting(query, filters, literal, left_out)
        if request.is_empty or (request.moved is not None and mode == "hybrid"):
            return nothing
        try:
            return tell(request, allowed, mode == "hybrid")
        except RecsysError:  # the search was by words alone, too
            return tell(request, allowed, False)

    def _moved(self, request: Request, k: int, allowed: Allowed) -> Ranking | None:
        """Items like one that the query names, moved by its other words; None if there is no such item."""
        assert request.moved is not None
        rows, _ = exact_titles(self._index.titles, request.moved.title, self.items, self._item_popularity, None)
        if not rows:
            return None
        try:
            allowed = self._without(request, allowed)
            ranking = self._similar.like(rows[0] + 1, request.moved.words, k, allowed, "meaning")
        except RecsysError:
            return None
        towards = f" and {request.moved.words!r}" if request.moved.words.strip() else ""
        title = self.items[rows[0] + 1].title
        return replace(ranking, note=" · ".join(filter(None, [f"Like {title!r}{towards}", ranking.note])))

    def _without(self, request: Request, allowed: Allowed) -> Allowed:
        """The mask of the allowed items without those that name an excluded subject."""
        rows = np.arange(len(self.items))
        for subject in request.avoided:
            named = self._index.keywords.name(subject, rows)
            allowed = ~named if allowed is None else allowed & ~named
        return allowed

    # -- answers --------------------------------------------------------------------------------------------
    def _answer(
        self, ranking: Ranking, request: Request, made: int | None = None, nudge: Nudge | None = None
    ) -> Answer:
        by_words = ranking.method in ("hybrid", "keyword")
        terms = self._index.keywords.query_terms(request.words, request.literal) if by_words else []
        found_terms = MatchedTerms(terms)
        effects = None
        if ranking.evidence is not None:
            effects = WordEffects(ranking.evidence)

        def make(ids: npt.NDArray[np.int64], rank: int) -> list[Result]:
            items = self.items.take(ids)
            genres: Sequence[str] = ()
            if ranking.like is not None:
                genres = ranking.like.genres
            elif ranking.cosines:
                genres = self.semantic.nearest_genres(ranking.encoded_query, items)
            of_items: Iterable[Mapping[str, float]] = repeat({}) if effects is None else effects.of(ids - 1)
            matches = [found_terms.in_item(*one) for one in zip(items, of_items, strict=False)]
            return [
                Result(
                    place,
                    item,
                    ranking.scores[item.internal_id - 1],
                    reason=ranking.explanation(item, match, genres),
                    matched=match.words,
                )
                for place, (item, match) in enumerate(zip(items, matches, strict=True), rank)
            ]

        pages = RankedPages(np.fromiter(ranking.scores, np.int64, len(ranking.scores)) + 1, make)
        nudged = nudge.origin if nudge is not None and ranking.is_nudged else ""
        further = {"note": ranking.note, "understood": request.understood, "nudged": nudged}
        answer = _beginning(pages, ranking.method, made, **further)
        if not (by_words or request.without):
            return answer
        keywords = self._index.keywords
        unnamed = doubt_of_exclusions(request.avoided, keywords.unknown_words)
        if not by_words:
            return replace(answer, remark=unnamed)
        unknown = keywords.unknown_words(request.words, request.literal)
        return replace(
            answer,
            note=" · ".join(filter(None, [answer.note, *self._index.remarks])),
            corrections=keywords.corrections(request.words, request.literal),
            unknown_words=unknown,
            remark=doubt(answer, request, unknown, keywords.content_words(request.words)) or unnamed,
        )

    # -- parts of the index -----------------------------------------------------------------------------------
    @locked_property
    def _item_popularity(self) -> npt.NDArray[np.float64]:
        return item_popularity(self.items, self._popularity)

    @locked_property
    def _log_popularity(self) -> npt.NDArray[np.float64]:
        return log_popularity(self.items, self._popularity)

    @locked_property
    def _ordering(self) -> Ordering:
        return Ordering(self.fields, self._item_popularity)

    @locked_property
    def _similar(self) -> SimilarItems:
        return SimilarItems(self.items, self.semantic, self._co_occurrence, self._popularity)

    @locked_property
    def _ranker(self) -> Ranker:
        self.prepare_keywords()
        return Ranker(
            self.items,
            self.fields,
            self._index,
            self.semantic,
            self._item_popularity,
            self._log_popularity,
            self._reranker,
        )

    @property
    def _removal(self) -> RemovalEffects:
        self.prepare_keywords()
        return RemovalEffects(self._index.keywords, self.semantic, self._ranker)

    @property
    def _index(self) -> InvertedIndex:
        assert self._inverted_index is not None
        return self._inverted_index


def _beginning(pages: RankedPages, method: str, made: int | None, **further: Any) -> Answer:
    """An answer with this many lines of a list, and the whole list if there are more."""
    results = pages.page(0, len(pages) if made is None else made)
    return Answer(results, method, whole=(lambda: pages) if len(results) < len(pages) else None, **further)


def _depth(depth: int, order: Order | None, left_out: LeftOut) -> int:
    """How many results are made where some of them may come first for another reason than their score."""
    return depth if order is None and not left_out.marks.pinned else max(_DEPTH, depth)
