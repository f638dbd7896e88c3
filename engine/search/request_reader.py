"""What queries ask for, read by the words and the columns of one catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.data.results import Understood
from engine.ranking import top_k
from engine.runtime.locked_property import locked_property
from engine.search.filters.columns import TextField
from engine.search.filters.parser import Filter, mask
from engine.search.left_out import Allowed, LeftOut
from engine.search.request import Request, understand
from engine.search.sequels import Sequels
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.search.filters.fields import Fields
    from engine.search.lexical.inverted_index import InvertedIndex
    from engine.search.semantic.semantic_index import SemanticIndex

#: Items among which one is sought whose title has the words of a query.
_CANDIDATES = 30
#: The most popular titles, whose words need no translation.
_KNOWN_TITLES = 3000
#: The number of queries of which is remembered what they ask for.
_REMEMBERED = 64
#: The share of a query that a title has at least if it has all of its words in another spelling.
_OTHERWISE_SPELT = 0.7


class RequestReader:
    """Reads what queries ask for, by the words and the columns of a catalogue.

    Parameters
    ----------
    items
        The catalogue.
    fields
        The fields that a filter can name.
    semantic
        The embeddings of the catalogue, whose model may know other languages.
    popularity
        Returns how well each item is known, shape (num_items,).
    index
        Returns the words of the catalogue; None as long as they are not indexed.
    """

    def __init__(
        self,
        items: ItemTable,
        fields: Fields,
        semantic: SemanticIndex,
        popularity: Callable[[], npt.NDArray[np.float64]],
        index: Callable[[], InvertedIndex | None],
    ) -> None:
        self._items = items
        self._fields = fields
        self._semantic = semantic
        self._popularity = popularity
        self._indexed = index
        # What is found for a query is counted and explained, too: it is read once for all of that.
        self._requests = lru_cache(maxsize=_REMEMBERED)(self._read)

    def request(self, query: str, literal: Collection[str] = ()) -> Request:
        """What a query asks for; the words of the catalogue have to be indexed.

        Parameters
        ----------
        query
            The words of a query, without typed filters.
        literal
            Words that are searched for as they are.
        """
        return self._requests(query, frozenset(literal))

    def fitting(
        self, query: str, typed: Sequence[Filter], literal: Collection[str], left_out: LeftOut
    ) -> tuple[Request, Allowed]:
        """What a query asks for, and the mask of the items that meet its conditions.

        Conditions that no item meets are words after all: first the one that says the least, such as "classics" in
        "german classics from the twenties", then all of them. So is a kind if only items of another kind have the
        title: "planet of the apes series" are films.

        Parameters
        ----------
        query, literal
            As in :meth:`request`.
        typed
            Filters that were typed beside the words.
        left_out
            The items that are hidden, or not listed.

        Returns
        -------
        request
            What the query asks for.
        allowed
            The mask of the items that may be found, shape (num_items,); None allows all.
        """
        request, allowed = self._fitting(query, typed, literal, left_out)
        if len(request.avoided) < len(request.without):  # an item is a sequel or none: the words are not weighed
            others = ~self._fields.derived(Sequels).mask
            allowed = others if allowed is None else allowed & others
        return request, allowed

    def _fitting(
        self, query: str, typed: Sequence[Filter], literal: Collection[str], left_out: LeftOut
    ) -> tuple[Request, Allowed]:
        request = self.request(query, literal)
        allowed = left_out.meeting((*typed, *request.filters), self._fields)
        if not request.filters or allowed is None:
            return request, allowed
        others = [one for one in request.filters if one.field != "type"]
        if not allowed.any():
            if (vaguer := self._without_vague_words(request, typed, left_out)) is not None:
                return vaguer
            plain = replace(Request.plain(query, literal), meaning=self._index.keywords.corrected(query, literal))
            allowed = left_out.meeting(typed, self._fields)
            unmet = () if self._has_title(plain, allowed) else self._unmet(request, typed)
            return replace(plain, unmet=unmet), allowed
        if len(others) < len(request.filters) and request.text.strip():
            of_all_kinds = left_out.meeting((*typed, *others), self._fields)
            if self._has_title(request, of_all_kinds) and not self._has_title(request, allowed):
                kinds = {one.typed for one in request.understood if one.condition.startswith("type:")}
                without_kinds = self.request(query, {*literal, *kinds})
                if len(without_kinds.filters) >= len(others):  # of "short series" nothing else would be understood
                    return without_kinds, of_all_kinds
        return request, allowed

    def _without_vague_words(
        self, request: Request, typed: Sequence[Filter], left_out: LeftOut
    ) -> tuple[Request, Allowed] | None:
        """The request without a word that stands for several filters, such as "best"; None if nothing meets it."""
        for one in request.understood:
            others = tuple(each for each in request.filters if str(each) not in one.condition.split(" "))
            if not 0 < len(others) < len(request.filters) - 1:
                continue
            allowed = left_out.meeting((*typed, *others), self._fields)
            if allowed is not None and allowed.any():
                understood = tuple(each for each in request.understood if each is not one)
                return replace(request, filters=others, understood=understood), allowed
        return None

    def _unmet(self, request: Request, typed: Sequence[Filter]) -> tuple[Understood, ...]:
        """The conditions of a request that no item meets together, with the typed ones if these make them so.

        Empty if an item meets them that is left out for another reason.
        """
        of_words = [one for one in request.understood if any(str(each) in one.condition for each in request.filters)]
        if not np.any(mask(request.filters, self._fields)):
            return tuple(of_words)
        if np.any(mask((*typed, *request.filters), self._fields)):
            return ()
        return (*(Understood(str(one), one.label, str(one)) for one in typed), *of_words)

    def _has_title(self, request: Request, allowed: Allowed, least: float = 0.999) -> bool:
        """Whether the title of an allowed item has at least this share of the request."""
        keywords = self._index.keywords
        rows, _ = keywords.search(request.words, _CANDIDATES, allowed, request.literal)
        coverage = keywords.coverage(request.words, rows, request.literal)
        has_all = coverage.in_title > least
        for word in keywords.content_words(request.words):  # a rare word alone may be most of a query: "kein horror"
            has_all &= coverage.of_words[word][1] > 0 if word in coverage.of_words else False
        return bool(has_all.any())

    def _is_title(self, text: str) -> bool:
        """Whether a title has all words of a text of several words, perhaps spelt otherwise."""
        is_long = len(self._index.keywords.content_words(text)) > 1
        return is_long and self._has_title(Request.plain(text), None, _OTHERWISE_SPELT)

    def _read(self, query: str, literal: frozenset[str]) -> Request:
        titles = self._index.titles
        request = understand(
            query,
            self._fields,
            literal,
            self.is_known,
            self._is_title,
            titles.__contains__,
            lambda text: titles.is_first(text, self._fields.titles),
            self._index.keywords.is_common,
        )
        if request.translation.language is not None and self._semantic.multilingual:
            # Its words are translated, but its meaning needs no translation. That of an excluded subject does: it must
            # be left out of the meaning.
            return replace(request, meaning=request.meaning if request.without else query, any_language=True)
        return replace(request, meaning=self._index.keywords.corrected(request.meaning, literal))

    def is_known(self, folded: str) -> bool:
        """Whether a folded word is in a well-known title, or several folded words are a title or a name."""
        if self._indexed() is None:  # a search by meaning needs no index of words
            return folded in self._words_of_known_titles
        if " " in folded:
            return folded in self._index.titles or self._index.keywords.is_name(folded)
        return folded in self._words_of_known_titles

    @locked_property
    def _words_of_known_titles(self) -> frozenset[str]:
        known = self._items.table.column("title").take(top_k(self._popularity(), _KNOWN_TITLES)).to_pylist()
        genre = self._fields["genre"] if "genre" in self._fields.names else None
        genres = genre.folded if isinstance(genre, TextField) else ()
        return frozenset(word for text in (*known, *genres) for word in words(text or ""))

    @property
    def _index(self) -> InvertedIndex:
        index = self._indexed()
        assert index is not None
        return index
