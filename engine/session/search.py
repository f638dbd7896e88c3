"""The search service: what is like these words, or like this item."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.data.results import Answer, EmbeddingCost, EmbeddingState, EmptyReason, Facet
from engine.errors import RecsysError
from engine.runtime.job import Job, Progress
from engine.runtime.locked_property import locked_property
from engine.session.open_dataset import OpenDataset, check
from engine.session.pins import PinService
from engine.version import __version__

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.data.ranked_pages import RankedPages
    from engine.search import SearchIndex
    from engine.search.encoder.encoder import Encoder, Vectors
    from engine.search.filters.completion import Completion
    from engine.search.filters.parser import ParsedQuery
    from engine.search.history import SearchHistory
    from engine.search.nudge import Nudge
    from engine.search.reranker import Reranker
    from engine.search.semantic.vector_store import Rows

#: How much a list of items like another is varied; see engine.search.mmr.
_DIVERSITY = 0.4
#: The most characters of a query in the sentence for an empty list.
_MOST_QUOTED = 300
#: The most results that the whole list of an answer has.
_MOST_RESULTS = 50_000
#: Parts of a weighted sum that are smaller than this explain nothing.
_TELLING = 0.05
#: A fall of a match that is smaller would be shown as 0 percent.
_SMALLEST_FALL = 0.005
#: As many genres for adults as a catalogue may have.
_ADULT_GENRES = 4
#: Few enough that a query does not wait for them.
_GENRES_AT_A_TIME = 4


#: The sample queries are made from so many items.
_KNOWN = 60


class SearchService:
    """Searches the catalogue of one data set.

    Parameters
    ----------
    opened
        The data set.
    pins
        The pinned and hidden items.
    taste
        Returns by which taste of a profile a search is nudged, or None and why it is not.
    """

    def __init__(self, opened: OpenDataset, pins: PinService, taste: Callable[[str], tuple[Nudge | None, str]]) -> None:
        self._opened = opened
        self._pins = pins
        self._taste = taste

    @locked_property
    def _encoder(self) -> Encoder:
        from engine.search.encoder.encoder import Encoder
        from engine.search.encoder.model_files import DEFAULT_MODEL
        from engine.storage.paths import find_paths
        from engine.storage.settings import read_settings

        paths = find_paths()
        model = self._opened.embedding_model or read_settings(paths.config).embedding_model or DEFAULT_MODEL
        return Encoder(model, device=self._opened.device, cache=paths.cache)

    @locked_property
    def _reranker(self) -> Reranker | None:
        from engine.search.reranker import DEFAULT_MILLISECONDS, Reranker
        from engine.storage.paths import find_paths
        from engine.storage.settings import read_settings

        settings = read_settings(find_paths().config)
        if settings.reranker is None:
            return None
        budget = settings.reranker_milliseconds or DEFAULT_MILLISECONDS
        return Reranker(settings.reranker, device=self._opened.device, milliseconds=budget)

    @locked_property
    def _search(self) -> SearchIndex:
        from engine.data.popularity import ratings_of_items
        from engine.search import SearchIndex
        from engine.search.co_occurrence import CoOccurrence
        from engine.search.lexical import synonyms
        from engine.search.lexical.inverted_index import CacheFile
        from engine.search.semantic.table_address import open_table, table_name
        from engine.search.semantic.vector_store import VectorStore
        from engine.storage.paths import find_paths

        store, encoder, reranker, trouble = None, None, None, None
        try:
            reranker = self._reranker
            identity, address = self._encoder.identity, self._opened.index
            table = None if address is None else open_table(address, table_name(self._opened.name, identity.slug))
            store = VectorStore(self._opened.workspace.embeddings_folder(self._opened.name), identity, table)
            encoder = self._encoder
        except RecsysError as error:  # a wrong model takes nothing away but the meaning
            trouble = error
        return SearchIndex(
            self._opened.dataset.items,
            store,
            encoder,
            popularity=self._opened.popularity,
            co_occurrence=CoOccurrence(self._opened.dataset.interactions).similarity,
            extra_columns=ratings_of_items(self._opened.dataset, self._opened.stats),
            cache_file=CacheFile(
                self._opened.workspace.dataset_folder(self._opened.name) / "words.npz",
                f"{self._opened.manifest.files['items']['sha256']} {__version__}",
            ),
            synonyms_file=find_paths().config / synonyms.FILE_NAME,
            unavailable=trouble,
            reranker=reranker,
            marks=self._pins.rows,
        )

    def embedding_state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; reads no vectors."""
        return self._search.semantic.state()

    def embedding_cost(self) -> EmbeddingCost:
        """What it costs to embed what is not embedded yet; neither loads the model nor reads vectors.

        Raises
        ------
        RecsysError
            If the embedding model is nowhere to be had, or cannot be read.
        """
        return self._search.semantic.cost()

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed what is not embedded yet; what was done before a cancel is kept, and gone on from."""
        meaning, job = self._search.semantic, job or Job()
        state = meaning.state()
        if state.complete:
            return state
        executor = self._opened.distributed(job)
        # An item has two texts at most: its text, and the long part by itself.
        self._load_encoder(job, 1 if executor is not None else 2 * (state.total - state.done))
        with self._opened.queue.background(job) as turn:
            if not self._opened.interactive:
                return meaning.embed(turn, executor)
            meaning.expect_queries(turn)  # somebody sits before it, and searches meanwhile and afterwards
            state = meaning.embed(turn, executor)
            meaning.expect_queries(turn)
            return state

    def push(self, job: Job | None = None) -> tuple[int, int]:
        """Push the embeddings to the store that search asks; what an interrupted push has pushed is kept.

        Returns
        -------
        added, total
            The number of vectors that were added, and that there are.

        Raises
        ------
        RecsysError
            If the store cannot be reached, or holds other vectors under this name.
        """
        meaning = self._search.semantic
        if meaning.unavailable is not None:
            raise meaning.unavailable
        return meaning.push(job)

    def forget_interruption(self) -> None:
        """Do not count the embedding as interrupted any more, because somebody stopped it on purpose.

        Raises
        ------
        OSError
            If that cannot be written.
        """
        self._search.semantic.forget_interruption()

    def item_vectors(self, job: Job | None = None) -> Vectors:
        """The vectors of all items' texts, with a row of zeros for the padding; embeds what is not embedded yet."""
        self.embed(job)
        return self._search.semantic.item_vectors(self._opened.dataset.num_items + 1)

    def stored_vectors(self) -> tuple[Rows, Vectors]:
        """The stored vectors of the items' texts; see :meth:`SemanticIndex.stored_vectors`."""
        return self._search.semantic.stored_vectors()

    def search(
        self,
        query: str | ParsedQuery,
        k: int = 10,
        mode: str = "hybrid",
        like: ExternalId | None = None,
        job: Job | None = None,
        *,
        like_by: str | None = None,
        diversity: float | None = None,
        literal: Collection[str] = (),
        adult: bool | None = None,
        made: int | None = None,
        for_me: str | None = None,
    ) -> Answer:
        """Items like these words, or like the item ``like``, best first.

        Parameters
        ----------
        query
            A line of words and filters (:mod:`engine.search.filters.parser`); may be empty where ``like`` is given, and
            filters alone give what fits, the most popular first. Of a line that is parsed already the problems are
            passed over: whoever parsed it shows them.
        k
            How many.
        mode
            ``"hybrid"``, ``"semantic"`` or ``"keyword"``. ``keyword`` needs neither embeddings nor torch; ``hybrid`` is
            by keyword alone, with a note, until there are embeddings.
        like
            The id of an item in the source file.
        like_by
            ``"meaning"``, ``"taste"`` (who liked it) or ``"both"``; None for both where both are known of the item.
        diversity
            From 0 to 1: how much a result counts less for being like those before it. None for a little where items
            like another are wanted, so that its sequels do not take all the places, and else for 0.
        literal
            Words that are searched for as they were typed: neither corrected nor understood as conditions.
        adult
            Whether items for adults are found, too; None for what the settings say. Otherwise they are left out, and
            counted in the answer, unless the search asks for them.
        made
            As in :meth:`engine.search.SearchIndex.search`. Without it, an answer with ``k`` results can list further
            ones by its ``whole`` list, up to fifty thousand.
        for_me
            The profile by whose taste the results for words are nudged; None for nobody's. The matches stay as they
            are. The answer says by what it is nudged, or what is missing for that.

        Raises
        ------
        RecsysError
            If there is nothing to search for.
        OptionError
            If a filter in a line of words cannot be understood, or an option is impossible.
        UnknownError
            If there is no such item.
        NotTrainedError
            If the search must go by meaning and nothing is embedded yet.
        """
        parsed = query
        if isinstance(parsed, str):
            parsed = self.parse_query(parsed)
            parsed.require()
        text, filters = parsed.text, parsed.filters or None
        adult = self._opened.shows_adult if adult is None else adult
        internal = None if like is None else self._opened.dataset.items.id_map.encode_one(like)
        if diversity is None:
            diversity = 0.0 if like is None else _DIVERSITY
        nudge, not_nudged = None, ""
        if for_me is not None and text and like is None and parsed.order in (None, "relevance"):
            nudge, not_nudged = self._taste(for_me)
        trouble: object = self._search.semantic.unavailable
        if mode == "hybrid" and like is None and self._opened.interactive and not self._model_loaded:
            trouble = trouble or "the embedding model is not loaded yet"
        elif mode != "keyword" and text and like_by != "taste":
            try:
                self._load_encoder(job or Job())
            except RecsysError as error:
                if mode != "hybrid" or like_by == "meaning":
                    raise
                trouble = error
        if mode == "hybrid" and text and like is None and trouble:
            answer = self._search.search(
                text,
                k,
                "keyword",
                filters,
                diversity=diversity,
                order=parsed.order,
                literal=literal,
                job=job,
                adult=adult,
                made=made,
                nudge=nudge,
            )
            answer = replace(answer, note=" · ".join(filter(None, [f"by keyword only: {trouble}", answer.note])))
        else:
            if mode == "hybrid" and text and like is None:
                self._load_reranker(job or Job())
            with self._opened.queue.turn():
                check(job)
                answer = self._search.search(
                    text,
                    k,
                    mode,
                    filters,
                    like=internal,
                    like_by=like_by,
                    diversity=diversity,
                    order=parsed.order,
                    literal=literal,
                    job=job,
                    adult=adult,
                    made=made,
                    nudge=nudge,
                )
        if not_nudged:
            answer = replace(answer, nudged=not_nudged)
        if not answer.results:
            return self._explained(answer, parsed, adult, job)
        if made is not None or len(answer.results) < k:
            return answer

        def whole() -> RankedPages:
            # Not varied: to compare each result with all before it takes long where there are many.
            further = self.search(
                parsed,
                _MOST_RESULTS,
                mode if answer.method != "keyword" else "keyword",
                like,
                like_by=like_by,
                diversity=0.0,
                literal=literal,
                adult=adult,
                made=k,
                for_me=for_me,
            )
            pages = _all_of(further)
            return pages.after(answer.results).inside(self._opened.queue.turn)

        return replace(answer, whole=whole)

    def facets(
        self,
        query: str | ParsedQuery,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        adult: bool | None = None,
        limit: int = 8,
    ) -> tuple[Facet, ...]:
        """The values of genres, kinds, decades and the like among what a search finds, with their numbers.

        Parameters
        ----------
        query, mode, literal, adult
            As in :meth:`search`. What the embedding model is needed for is left out while it is not loaded.
        limit
            The maximum number of values of a facet.
        """
        from engine.search.facets import facets

        parsed = self.parse_query(query) if isinstance(query, str) else query
        adult = self._opened.shows_adult if adult is None else adult
        if parsed.text and mode != "keyword" and not self._model_loaded:
            mode = "keyword"
        with self._opened.queue.turn():
            rows = self._search.found(parsed.text, mode, parsed.filters, literal=literal, adult=adult)
        names = {self._search.fields.resolve(one.field) or "" for one in parsed.filters}
        return facets(self._search.fields, rows, filtered=names, limit=limit)

    @property
    def _model_loaded(self) -> bool:
        """Whether there is an embedding model, and it is loaded."""
        return self._search.semantic.unavailable is None and self._encoder.loaded

    def _explained(self, answer: Answer, parsed: ParsedQuery, adult: bool, job: Job | None) -> Answer:
        """An empty answer with the reason why it is empty."""
        labels = ", ".join(one.label for one in parsed.filters)
        fitting = parsed.filters and self._search.search("", 1, "keyword", parsed.filters, job=job, adult=adult)
        if fitting and not fitting.results:
            what = f"no item fits {labels}" if len(parsed.filters) == 1 else f"no item fits all of {labels}"
            return replace(answer, empty=EmptyReason.FILTERS, why_empty=_sentence(what))
        what = "no item is like it" if not parsed.text else f"no item has words like {parsed.text!r}"
        what += f" among those that fit {labels}" if labels else ""
        return replace(answer, empty=EmptyReason.NOTHING_LIKE_IT, why_empty=_sentence(what))

    def encode_queries(self, lines: Sequence[str], mode: str = "hybrid", job: Job | None = None) -> None:
        """Embed many queries at once, for the searches by meaning that follow; at most 256 are remembered.

        Without a model that can do it nothing happens: the searches themselves say so, or do without.
        """
        texts = [text for line in lines if (text := self.parse_query(line).text)]
        if texts and self._search.semantic.unavailable is None:
            if mode == "hybrid":
                self._search.prepare_keywords(job)
                texts = [self._search.corrected(text) for text in texts]
            with suppress(RecsysError):
                self._load_encoder(job or Job())
                with self._opened.queue.turn():
                    self._search.semantic.encode_queries(texts)

    def parse_query(self, line: str) -> ParsedQuery:
        """Take a typed line apart into text, filters and what is wrong with them; raises nothing."""
        from engine.search.filters.parser import parse

        return parse(line, self._search.fields)

    def complete_filter(self, line: str, cursor: int, limit: int = 8) -> list[Completion]:
        """How a filter that is half typed before ``cursor`` may go on; see :mod:`engine.search.filters.completion`.

        Genres for adults are offered only once their beginning is typed.
        """
        from engine.search.filters.completion import complete_filter
        from engine.search.hidden import is_adult_genre

        found = complete_filter(line, cursor, self._search.fields, limit + _ADULT_GENRES)
        hides = not self._opened.shows_adult
        return [
            one
            for one in found
            if not (hides and one.count is not None and is_adult_genre(one.label) and not line[one.start : cursor])
        ][:limit]

    def highlights(self, k: int = 10, *, adult: bool | None = None) -> Answer:
        """What is worth seeing before anything is typed: the best known items. Needs no model and no index.

        Parameters
        ----------
        k
            How many.
        adult
            Whether items for adults are among them; None for what the settings say.
        """
        shown = self._opened.shows_adult if adult is None else adult
        hidden = None if shown else self._search.adult.mask
        allowed = None if hidden is None else ~hidden
        answer = replace(self._search.popular(k, allowed), hidden=0 if hidden is None else int(hidden.sum()))

        def whole() -> RankedPages:
            return _all_of(self._search.popular(self._opened.dataset.num_items, allowed, made=k))

        return replace(answer, whole=whole if len(answer.results) == k else None)

    def sample_queries(self, limit: int = 5) -> list[str]:
        """Queries that somebody could type, made from the genres, decades and makers of the best known items.

        The same data gives the same queries, and each of them finds something by its words. Items for adults give none.
        """
        from engine.search.sample_queries import sample_queries

        known = [result.item for result in self.highlights(_KNOWN, adult=False).results]
        return sample_queries(known, lambda query: bool(self.search(query, 1, "keyword").results), limit)

    def explain_match(
        self,
        query: str,
        item: ExternalId,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        limit: int = 3,
        job: Job | None = None,
    ) -> list[tuple[str, float]]:
        """The words, sentences and genres of an item without which its match would fall most.

        Parameters
        ----------
        query
            A typed line.
        item
            The id in the source file.
        mode, literal
            As in :meth:`search`. What the embedding model is needed for is left out while it is not loaded.
        limit
            The maximum number of parts.
        job
            Checked at intervals for cancellation; other searches go first at each of them.

        Returns
        -------
        list of (part, fall)
            The parts, words in quotation marks, and by how much the match, from 0 to 1, is lower without each of them;
            the weightiest first. Empty for an item that is no candidate, or where no part lowers the match.

        Raises
        ------
        UnknownError
            If there is no such item.
        """
        internal = self._opened.dataset.items.id_map.encode_one(item)
        parsed = self.parse_query(query)
        if not self._model_loaded:
            if mode == "semantic":
                return []
            mode = "keyword"
        adult = self._opened.shows_adult
        with self._opened.queue.background(job or Job()) as turn:
            found = self._search.removal_effects(
                parsed.text, internal, mode, parsed.filters, literal, adult=adult, job=turn
            )
        return [(part.label, fall) for part, fall in found if fall >= _SMALLEST_FALL][:limit]

    def explain(
        self,
        query: str,
        item: ExternalId,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        for_me: str | None = None,
    ) -> list[tuple[str, float]]:
        """What speaks for and against an item as an answer to a query, the weightiest first.

        Parameters
        ----------
        query, mode, literal, for_me
            As in :meth:`search`. What the embedding model is needed for is left out while it is not loaded.
        item
            The id in the source file.

        Returns
        -------
        list of (name, value)
            What each feature adds to the weighted sum that orders the results, compared with the mean of all
            candidates; empty for a search by meaning alone, and for an item that is no candidate.

        Raises
        ------
        UnknownError
            If there is no such item.
        """
        internal = self._opened.dataset.items.id_map.encode_one(item)
        parsed = self.parse_query(query)
        if mode == "hybrid" and not self._model_loaded:
            mode = "keyword"
        adult = self._opened.shows_adult
        nudge = None if for_me is None or not parsed.text else self._taste(for_me)[0]
        with self._opened.queue.turn():
            parts = self._search.explain(parsed.text, internal, mode, parsed.filters, literal, adult=adult, nudge=nudge)
        told = [(name, value) for name, value in parts.items() if abs(value) >= _TELLING]
        return sorted(told, key=lambda part: -abs(part[1]))

    def recent_searches(self, limit: int = 10) -> list[str]:
        """What was searched for in this data set, newest first."""
        return self._recent.list(limit)

    def remember_search(self, line: str) -> None:
        """Keep a search for :meth:`recent_searches`; that it cannot be written is no error."""
        self._recent.remember(line)

    @locked_property
    def _recent(self) -> SearchHistory:
        from engine.search.history import SearchHistory
        from engine.storage.paths import find_paths

        return SearchHistory(find_paths().state, self._opened.name)

    def warm_up(self, job: Job | None = None) -> None:
        """Make ready what the first questions need and what explains their answers, so that they need not wait for it.

        The embedding model is loaded only where something is embedded that it could be asked about.
        """
        from engine.search.semantic.nearest_genres import frequent_genres

        job = job or Job()
        self._search.prepare_keywords(job)
        job.checkpoint()
        self._search.prepare_reading()
        meaning = self._search.semantic
        if meaning.unavailable is not None:
            raise meaning.unavailable
        if not meaning.state().done:
            return
        self._load_encoder(job)
        with self._opened.queue.background(job) as turn:
            meaning.expect_queries(turn)
            genres = frequent_genres(self._opened.dataset.items)
            for start in range(0, len(genres), _GENRES_AT_A_TIME):
                turn.checkpoint()
                meaning.prepare_genres(genres[start : start + _GENRES_AT_A_TIME])
        self._load_reranker(job)

    def _load_reranker(self, job: Job) -> None:
        """Load the model of the second stage if there is one; before a screen, searches do without it meanwhile."""
        reranker = self._reranker
        if reranker is None or reranker.ready or reranker.trouble:
            return
        if self._opened.interactive:
            reranker.load_in_background()
            return
        job.report(Progress("loading the re-ranking model"))
        reranker.load()
        job.checkpoint()

    def _load_encoder(self, job: Job, texts: int = 1) -> None:
        # Not in a turn: this takes seconds and no computing, and other panes' questions need not wait for it.
        if not self._encoder.is_ready(texts):
            job.report(Progress("loading the embedding model"))
            self._encoder.load(texts)
        job.checkpoint()


def _all_of(answer: Answer) -> RankedPages:
    from engine.data.ranked_pages import RankedPages

    if answer.whole is None:
        return RankedPages.of(answer.results)
    pages = answer.whole()
    assert isinstance(pages, RankedPages)
    return pages


def _sentence(what: str) -> str:
    line = " ".join(what.split())
    return f"Nothing was found: {line if len(line) <= _MOST_QUOTED else line[: _MOST_QUOTED - 1] + '…'}."
