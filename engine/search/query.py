"""Search over one catalogue: by words, by meaning, or both joined; and items like another."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from engine.errors import NotTrainedError, OptionError, RecsysError
from engine.folding import split_year, title_key
from engine.job import Job
from engine.once import once
from engine.popularity import fame, familiarity
from engine.ranking import top_k
from engine.results import Answer, EmbeddingState, Result
from engine.search import reasons
from engine.search.diversity import rerank, series_likeness
from engine.search.fields import Fields
from engine.search.filters import Filter, demand_filters, mask
from engine.search.keyword import KeywordIndex
from engine.search.spelling import Spellings
from engine.search.vocabulary import with_numbers

if TYPE_CHECKING:
    from engine.items import Item, ItemTable
    from engine.search.embedding import Encoder
    from engine.search.index import ExactIndex
    from engine.search.store import EmbeddingStore, Hashes

Mode = Literal["hybrid", "semantic", "keyword"]
LikeBy = Literal["meaning", "taste", "both"]
Allowed = npt.NDArray[np.bool_] | None
Scores = npt.NDArray[np.float32]

#: Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009): a rank counts 1 / (this + rank). The authors' 60 is
#: for lists of equal worth; for words and meaning 10 is better by the judged queries (benchmarks/search_quality.py).
_RRF, _RRF_OF_LIKE = 10, 60
#: What a rank by words counts beside one by meaning, and what the lead of the first by words over the second does.
_WORDS_WEIGHT, _LEAD_WEIGHT = 0.7, 4.0
#: How far down each list is looked when two are joined, or one is reordered.
_DEPTH = 100
#: From how many letters on a title may be misspelt in one of them, and from twice as many on in two.
_MISSPELT = 6
#: Beyond any score of a hybrid search.
_ABOVE_ALL = 10.0
_REMEMBERED_QUERIES = 256
#: From which cosine on a genre says what a query means, and how many genres are embedded for one answer at most.
_NEAR, _NEW_GENRES = 0.25, 64


class SearchIndex:
    """Finds items by a query, or by another item.

    Nothing is computed before it is needed: words are indexed at the first search by words (about a second for 45
    thousand items), the model is loaded at the first search by meaning. Any thread may search, also while another
    one embeds.

    Parameters
    ----------
    items
        The catalogue.
    store
        Its vectors; without them there is only search by words.
    encoder
        The model for queries; without it only ``like`` goes by meaning. Vectors are compared on its device.
    popularity
        Interactions of each item in dense order: which of several equal titles comes first.
    taste
        Gives for a dense id how alike the dense ids from 0 on are by who liked them, as
        :meth:`engine.search.taste.Taste.likeness`; None where there are no interactions.
    facts
        Numbers of each item to filter by, beyond the catalogue's own columns.
    """

    def __init__(
        self,
        items: ItemTable,
        store: EmbeddingStore | None = None,
        encoder: Encoder | None = None,
        *,
        popularity: npt.NDArray[Any] | None = None,
        taste: Callable[[int], Scores] | None = None,
        facts: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> None:
        self.items = items
        self.fields = Fields(items, facts)
        self._popularity = popularity
        self._taste = taste
        self._store = store
        self._encoder = encoder
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._made: dict[str, Any] = {}
        self._vector_index: tuple[tuple[int, str], ExactIndex] | None = None
        self._genre_vectors: dict[str, npt.NDArray[np.float32]] = {}
        self._query_vectors: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()

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
        job: Job | None = None,
    ) -> Answer:
        """Items like these words, best first.

        Parameters
        ----------
        query
            Any text; nothing in it is taken for a filter.
        k
            How many; fewer come back if fewer fit.
        mode
            ``"keyword"`` for BM25 scores, ``"semantic"`` for the cosine of the embeddings, ``"hybrid"`` for both lists
            joined by reciprocal rank, with what stands out by words before the rest. By words and in hybrid a title
            equal to the query comes first. While not all items are embedded, those that are take part, and the
            answer's note says how many.
        filters
            What must hold of each result: ``"genre:comedy year:>=2010"`` or filters that
            :func:`engine.search.filters.parse` found. With filters and neither a query nor ``like``, all that fits,
            the most popular first.
        like
            The dense id of an item to find others like it; a query, if there is one as well, shifts the search by
            meaning its way.
        like_by
            ``"meaning"``, ``"taste"`` (who liked it) or ``"both"`` joined by reciprocal rank; None for both where
            both are known of the item, else the one that is.
        diversity
            From 0, the order of likeness alone, to 1: how much a result counts less for being like those before it.
        job
            Asked from time to time whether to stop.

        Raises
        ------
        RecsysError
            If there is nothing to search for.
        OptionError
            If the mode does not exist, ``k`` is below 1, or a filter cannot be understood.
        NotTrainedError
            If the search must go by meaning and nothing (or not the item ``like``) is embedded yet.
        """
        if mode not in get_args(Mode):
            raise OptionError(f"There is no search mode {mode!r}: choose hybrid, semantic or keyword.")
        if like_by is not None and like_by not in get_args(LikeBy):
            raise OptionError(f"Items cannot be alike by {like_by!r}: choose meaning, taste or both.")
        if k < 1:
            raise OptionError(f"{k} results cannot be shown: ask for at least 1.")
        if not 0 <= diversity <= 1:
            raise OptionError(f"A diversity of {diversity:g} is impossible: it goes from 0 to 1.")
        wanted = () if filters is None else demand_filters(filters, self.fields)
        if not query.strip() and like is None and not wanted:
            raise RecsysError("There is nothing to search for: type some words.")
        allowed = mask(wanted, self.fields)
        depth = k if diversity == 0 else max(_DEPTH, 4 * k)
        if like is not None:
            if mode == "keyword":
                raise OptionError(
                    "Items like another are found by meaning or taste, not by keyword: choose another mode."
                )
            ranking = self._like(like, query, depth, allowed, like_by)
        elif not query.strip():
            return self.popular(k, allowed)
        elif mode == "keyword":
            ranking = self._by_words(query, depth, allowed, job)
        elif mode == "semantic":
            ranking = self._by_meaning(query, depth, allowed)
        else:
            ranking = self._hybrid(query, depth, allowed, job)
        return self._answer(self._varied(ranking, k, diversity), query)

    def popular(self, k: int = 10, allowed: Allowed = None) -> Answer:
        """The best known items, of those that are allowed; needs neither words nor vectors.

        Parameters
        ----------
        k
            How many.
        allowed
            Which items are wanted, shape (num_items,); None for all.
        """
        rows = top_k(self._fame if allowed is None else np.where(allowed, self._fame, -np.inf), k)
        found = self.items.take(rows + 1)
        scores = self._fame[rows].tolist()
        results = [Result(rank, item, score) for rank, (item, score) in enumerate(zip(found, scores, strict=True), 1)]
        return Answer(tuple(results), "popular")

    def explain(self, query: str, dense_id: int, limit: int = 3) -> list[tuple[str, float]]:
        """The phrases of an item that come nearest to a query in meaning, with their cosines, best first.

        Some ten phrases are embedded for it: for one item that somebody looks at, not for a whole list.
        """
        phrases = reasons.phrases(self.items[dense_id])
        if self._encoder is None or not phrases:
            return []
        cosines = self._encoder.encode(phrases) @ self._vector_of(query)
        return [(phrases[best], float(cosines[best])) for best in np.argsort(-cosines)[:limit]]

    def understand(self, queries: Sequence[str]) -> None:
        """Find the vectors of many queries at once, and keep them for the searches that follow; at most 256 of them."""
        if self._encoder is None:
            return
        with self._lock:
            new = [query for query in dict.fromkeys(queries) if query not in self._query_vectors]
        for query, vector in zip(new, self._encoder.encode(new, query=True) if new else (), strict=True):
            self._remember(query, vector)

    def embedding_state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; reads no vectors."""
        if self._store is None:
            return EmbeddingState(0, len(self.items), "")
        return self._store.state(self._hashes)

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed what is not embedded yet, the first items of the catalogue first."""
        if self._store is None or self._encoder is None:
            raise RecsysError("There is no embedding model for this catalogue.")
        return self._store.embed(self.items.texts(), self._encoder, job)

    def prepare_keywords(self, job: Job | None = None) -> None:
        """Index the words now rather than at the first search."""
        self._once("titles", self._index_titles)
        self._once("keywords", lambda: self._index_words(job))

    # -- by a query -----------------------------------------------------------------------------------------
    def _by_words(self, query: str, k: int, allowed: Allowed, job: Job | None) -> _Ranking:
        self.prepare_keywords(job)
        rows, scores = self._keywords.search(query, k, allowed)
        found = dict(zip(rows.tolist(), scores.tolist(), strict=True))
        top = max(found.values(), default=0.0)
        for row in reversed(exact := self._titled(query, allowed)[:k]):
            top = found[row] = top + 1.0  # above everything else, in their own order
        titled = "the title" if self._is_title(query) else "nearly the title"
        return _Ranking(found, "keyword", exact=frozenset(exact), titled=titled).best(k)

    def _by_meaning(self, query: str, k: int, allowed: Allowed) -> _Ranking:
        index, note = self._vectors()
        rows, cosines = index.search(self._vector_of(query)[None], k, allowed)
        found = dict(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))
        return _Ranking(found, "semantic", cosines=found, note=note)

    def _hybrid(self, query: str, k: int, allowed: Allowed, job: Job | None) -> _Ranking:
        depth = max(_DEPTH, 2 * k)
        by_words = self._by_words(query, depth, allowed, job)
        if job is not None:
            job.checkpoint()
        try:
            by_meaning = self._by_meaning(query, depth, allowed)
        except RecsysError as error:  # nothing embedded, or no model to be had: words are better than nothing
            return by_words.best(k, note=f"By keyword only: {error}")
        joined = _join([by_words.scores, by_meaning.scores], _RRF, [_WORDS_WEIGHT, 1.0])
        for row, lead in _leader(by_words).items():
            joined[row] += _LEAD_WEIGHT * lead / (_RRF + 1)
        for rank, row in enumerate(by_words.scores, start=1):
            if row in by_words.exact:
                joined[row] = _ABOVE_ALL + 1.0 / rank
        joint = replace(by_words, scores=joined, method="hybrid", cosines=by_meaning.scores, note=by_meaning.note)
        return joint.best(k)

    # -- by another item ------------------------------------------------------------------------------------
    def _like(self, dense_id: int, query: str, k: int, allowed: Allowed, by: str | None) -> _Ranking:
        item = self.items[dense_id]
        others = np.ones(len(self.items), dtype=bool) if allowed is None else allowed.copy()
        others[dense_id - 1] = False
        if by == "taste":
            return self._like_by_taste(item, k, others)
        depth = max(_DEPTH, 2 * k)
        by_taste = None
        if by != "meaning":
            try:
                by_taste = self._like_by_taste(item, depth, others)
            except RecsysError as error:
                if by == "both":
                    return self._like_by_meaning(item, query, k, others).best(k, note=f"By meaning only: {error}")
        try:
            by_meaning = self._like_by_meaning(item, query, depth, others)
        except RecsysError as error:
            if by_taste is None:
                raise
            return by_taste.best(k, note=f"By taste only: {error}")
        if by_taste is None:
            return by_meaning.best(k)
        joined = _join([by_taste.scores, by_meaning.scores], _RRF_OF_LIKE)
        return _Ranking(
            joined, "meaning and taste", frozenset(), by_meaning.scores, by_taste.scores, by_meaning.note, item
        ).best(k)

    def _like_by_meaning(self, item: Item, query: str, k: int, others: npt.NDArray[np.bool_]) -> _Ranking:
        index, note = self._vectors()
        vector = index.vector(item.dense_id - 1)
        if vector is None:
            raise NotTrainedError(f"{item.title!r} is not embedded yet ({note}): embed the catalogue first.")
        if query.strip():
            vector = vector + self._vector_of(query)
            vector /= max(float(np.linalg.norm(vector)), 1e-12)
        rows, cosines = index.search(vector[None], k, others)
        found = dict(zip(rows[0].tolist(), cosines[0].tolist(), strict=True))
        return _Ranking(found, "meaning", cosines=found, note=note, like=item)

    def _like_by_taste(self, item: Item, k: int, others: npt.NDArray[np.bool_]) -> _Ranking:
        scores = np.full(len(self.items), -np.inf, dtype=np.float32)
        if self._taste is not None:
            known = self._taste(item.dense_id)[1:]
            scores[: len(known)] = np.where(known > 0, known, -np.inf)
        if not (scores > 0).any():
            raise NotTrainedError(f"Nobody who liked {item.title!r} is known to have liked anything else.")
        rows = top_k(np.where(others, scores, np.float32(-np.inf)), k)
        found = dict(zip(rows.tolist(), scores[rows].tolist(), strict=True))
        return _Ranking(found, "taste", tastes=found, like=item)

    # -- answers --------------------------------------------------------------------------------------------
    def _varied(self, ranking: _Ranking, k: int, diversity: float) -> _Ranking:
        """The best ``k``, each weighed against those before it."""
        if diversity == 0 or len(ranking.scores) < 2:
            return ranking.best(k)
        rows = list(ranking.scores)
        series = series_likeness(self.items.table.column("title").take(rows).to_pylist())
        vectors: npt.NDArray[np.float32] | None = None
        if ranking.cosines:
            index = self._vectors()[0]
            none = np.zeros_like(index.vector(next(iter(ranking.cosines))))
            vectors = np.stack([none if (one := index.vector(row)) is None else one for row in rows])

        # What all of them have in common makes none of them alike.
        common = 0.0 if vectors is None else float(np.median(vectors @ vectors.mean(0)))

        def likeness(position: int) -> Scores:
            alike = series(position)
            if vectors is None:
                return alike
            near: Scores = (vectors @ vectors[position] - common) / max(1.0 - common, 1e-6)
            return np.maximum(alike, near)

        order = rerank(np.array(list(ranking.scores.values()), dtype=np.float32), likeness, k, diversity)
        # What is exactly asked for stays first.
        order.sort(key=lambda position: rows[position] not in ranking.exact)
        return ranking.keep([rows[position] for position in order])

    def _answer(self, ranking: _Ranking, query: str) -> Answer:
        rows = list(ranking.scores)
        asked = self._keywords.understood(query) if ranking.method in ("hybrid", "keyword") else []
        items = self.items.take(row + 1 for row in rows) if rows else []
        near = self._genres_near(ranking, query, items)
        return Answer(
            tuple(
                Result(rank, item, ranking.scores[row], reason=_reason(ranking, row, item, asked, near))
                for rank, (row, item) in enumerate(zip(rows, items, strict=True), start=1)
            ),
            ranking.method,
            ranking.note,
        )

    def _genres_near(self, ranking: _Ranking, query: str, items: Sequence[Item]) -> Sequence[str]:
        """The genres of some results that are near what was asked in meaning, the nearest first."""
        if ranking.like is not None:
            return ranking.like.genres
        if not ranking.cosines or self._encoder is None:
            return ()
        with self._lock:
            known = dict(self._genre_vectors)
        genres = list(dict.fromkeys(genre for item in items for genre in item.genres if genre.strip()))
        new = [genre for genre in genres if genre not in known][:_NEW_GENRES]
        if new:
            known |= zip(new, self._encoder.encode(new), strict=True)
            with self._lock:
                self._genre_vectors = known
        there = [genre for genre in genres if genre in known]
        if not there:
            return ()
        cosines = np.stack([known[genre] for genre in there]) @ self._vector_of(query)
        return [there[place] for place in np.argsort(-cosines) if cosines[place] >= _NEAR]

    # -- what they need -------------------------------------------------------------------------------------
    @once
    def _fame(self) -> npt.NDArray[np.float64]:
        return fame(self.items, self._popularity)

    def _vectors(self) -> tuple[ExactIndex, str]:
        """The index over what is embedded so far, and what to say of it."""
        store = self._store
        if store is None:
            raise NotTrainedError("This catalogue has no embeddings: only search by keyword is possible.")
        with self._lock:
            # The number first: rows that come later are then found at the next search.
            made_of = len(store), "cpu" if self._encoder is None else self._encoder.device
            if self._vector_index is None or self._vector_index[0] != made_of:
                self._vector_index = made_of, store.index(self._hashes, made_of[1])
            index = self._vector_index[1]
        done, total = len(index), len(self.items)
        note = "" if done == total else f"{done:,} of {total:,} embedded"
        if not done:
            raise NotTrainedError(" ".join(filter(None, [store.damage, f"Nothing is embedded yet ({note})."])))
        return index, " ".join(filter(None, [note, store.damage]))

    def _vector_of(self, query: str) -> npt.NDArray[np.float32]:
        if self._encoder is None:
            raise NotTrainedError("There is no embedding model to understand a query with.")
        with self._lock:
            if query in self._query_vectors:
                self._query_vectors.move_to_end(query)
                return self._query_vectors[query]
        vector: npt.NDArray[np.float32] = self._encoder.encode([query], query=True)[0]
        self._remember(query, vector)
        return vector

    def _remember(self, query: str, vector: npt.NDArray[np.float32]) -> None:
        with self._lock:
            self._query_vectors[query] = vector
            if len(self._query_vectors) > _REMEMBERED_QUERIES:
                self._query_vectors.popitem(last=False)

    def _titled(self, query: str, allowed: Allowed) -> list[int]:
        """The items whose title is the query, whatever its case, accents and articles; the most popular first.

        Where there is none, those whose title is it but for a letter or two. A number is no typing error.
        """
        year = split_year(query.strip())[1]
        spellings = _spellings(query)
        rows: list[int] = next((self._titles[one] for one in spellings if one in self._titles), [])
        numbered = spellings[1]
        if not rows and len(numbered) >= _MISSPELT:
            near = self._title_spellings.near(numbered, 1 if len(numbered) < 2 * _MISSPELT else 2)
            near = [pair for pair in near if _numbers(pair[0]) == _numbers(numbered)]
            least = min((distance for _, distance in near), default=0)
            rows = [row for spelling, distance in near if distance == least for row in self._titles[spelling]]
            rows = list(dict.fromkeys(rows))
        if year is not None:
            years = self.items.table.column("year").take(rows).to_pylist() if rows else []
            rows = [row for row, its_year in zip(rows, years, strict=True) if its_year in (None, year)]
        known = self._fame
        rows = sorted(rows, key=lambda row: -known[row])
        return rows if allowed is None else [row for row in rows if allowed[row]]

    def _is_title(self, query: str) -> bool:
        return any(spelling in self._titles for spelling in _spellings(query))

    def _index_titles(self) -> dict[str, list[int]]:
        """Rows by the keys of titles; else by titles in their own language, by other numerals, and without spaces."""
        titles: dict[str, list[int]] = {}
        keys = [title_key(split_year(title or "")[0]) for title in self.items.titles()]
        for row, key in enumerate(keys):
            titles.setdefault(key, []).append(row)
        others: dict[str, list[int]] = {}
        for row, title in enumerate(self._original_titles or ()):
            if title and (key := title_key(title)) != keys[row]:
                others.setdefault(key, []).append(row)
        for row, key in enumerate(keys):
            numbered = with_numbers(key)
            for spelling in {numbered, numbered.replace(" ", "")} - {key}:
                others.setdefault(spelling, []).append(row)
        titles = {**others, **titles}
        titles.pop("", None)
        return titles

    @once
    def _title_spellings(self) -> Spellings:
        return Spellings(list(self._titles))

    def _index_words(self, job: Job | None) -> KeywordIndex:
        titles, texts = self.items.titles(), self.items.texts()
        known = familiarity(self.items, self._popularity)
        return KeywordIndex(titles, texts, job, other_titles=self._original_titles, fame=known)

    @once
    def _original_titles(self) -> list[str | None] | None:
        if "original_title" not in self.items.table.column_names:
            return None
        titles: list[str | None] = self.items.table.column("original_title").cast("string").to_pylist()
        return titles

    @property
    def _titles(self) -> dict[str, list[int]]:
        titles: dict[str, list[int]] = self._made["titles"]
        return titles

    @property
    def _keywords(self) -> KeywordIndex:
        keywords: KeywordIndex = self._made["keywords"]
        return keywords

    @cached_property
    def _hashes(self) -> Hashes:
        from engine.search.store import hash_texts

        return hash_texts(self.items.texts())

    def _once(self, name: str, make: Callable[[], Any]) -> None:
        if name not in self._made:
            with self._making:
                if name not in self._made:
                    self._made[name] = make()


@dataclass
class _Ranking:
    """Items and their scores, best first, and what to say of them."""

    scores: dict[int, float]
    method: str
    exact: frozenset[int] = frozenset()
    cosines: dict[int, float] = field(default_factory=dict)
    tastes: dict[int, float] = field(default_factory=dict)
    note: str = ""
    like: Item | None = None
    titled: str = "the title"

    def best(self, k: int, note: str | None = None) -> _Ranking:
        """The first ``k``; of equal scores the lower row first."""
        ranking = self.keep(sorted(self.scores, key=lambda row: (-self.scores[row], row))[:k])
        return ranking if note is None else replace(ranking, note=note)

    def keep(self, rows: Sequence[int]) -> _Ranking:
        """These rows alone, in this order."""
        return replace(self, scores={row: self.scores[row] for row in rows})


def _join(rankings: Sequence[Mapping[int, float]], k: int, weights: Sequence[float] = (1.0, 1.0)) -> dict[int, float]:
    """Reciprocal rank fusion of lists that are best first."""
    joined: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, row in enumerate(ranking, start=1):
            joined[row] = joined.get(row, 0.0) + weight / (k + rank)
    return joined


def _spellings(query: str) -> tuple[str, str, str]:
    """What a typed title is looked up by: its key, with numbers for Roman numerals, and without spaces as well."""
    key = title_key(split_year(query.strip())[0])
    numbered = with_numbers(key)
    return key, numbered, numbered.replace(" ", "")


def _numbers(key: str) -> list[str]:
    return re.findall(r"\d+", key)


def _leader(by_words: _Ranking) -> dict[int, float]:
    """The first by words and by what share it is before the second; those with the title itself do not count.

    Ranks alone forget that one item has all of the words, and the next just one of them: then it is that one which is
    looked for, by its misspelt title or by words of its plot.
    """
    rows = [row for row in by_words.scores if row not in by_words.exact][:2]
    if not rows:
        return {}
    first, second = by_words.scores[rows[0]], by_words.scores[rows[1]] if len(rows) > 1 else 0.0
    return {rows[0]: 1.0 - second / first}


def _reason(ranking: _Ranking, row: int, item: Item, asked: Sequence[reasons.QueryWord], near: Sequence[str]) -> str:
    parts = [ranking.titled if row in ranking.exact else reasons.by_words(item, asked)]
    if row in ranking.cosines:
        parts.append(reasons.by_meaning(ranking.cosines[row], [genre for genre in near if genre in item.genres]))
    if row in ranking.tastes:
        parts.append("liked by the same people")
    return " · ".join(filter(None, parts))
