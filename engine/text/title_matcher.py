"""The item that a typed title means: forgiving of case, accents, articles, word order and typing errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine.data.items import ItemTable
from engine.data.results import TitleMatch
from engine.errors import UnknownError
from engine.text.normalize import split_year, title_key, words

How = Literal["exact", "id", "folded", "prefix", "typo"]

#: Least similarity (1 - edits / length) of a typing error that is forgiven without asking, and of one worth suggesting.
_FORGIVEN = 0.75
_SUGGESTED = 0.55
#: Similarities this close count as equal, so that the more popular item decides.
_NEAR = 0.03
#: Fewer letters than this say too little for a prefix or a typing error to be understood.
_SHORTEST = 3


class TitleMatcher:
    """Finds items by what people type.

    All of the work is done on *ranks*: 0 is the item with the most interactions, equal ones by internal id. So the
    better of two candidates is the smaller rank, and the items that occur in the interactions are the first ranks.

    Parameters
    ----------
    items
        The catalogue.
    popularity
        Interactions of each item, by internal id, shape (num_items,).
    """

    def __init__(self, items: ItemTable, popularity: npt.NDArray[Any]) -> None:
        self._items = items
        order = np.argsort(-popularity, kind="stable")
        self._internal_ids = order + 1
        self._popularity = popularity[order]
        self._num_rated = int(np.count_nonzero(popularity))
        self._rank_of = np.empty(len(order), dtype=np.int64)
        self._rank_of[order] = np.arange(len(order))

        titles, years = items.titles(), items.table.column("year").to_pylist()
        self._titles = [titles[row] or "" for row in order.tolist()]
        self._years: list[int | None] = []
        self._keys: list[str] = []
        self._by_key: dict[str, list[int]] = {}
        for rank, title in enumerate(self._titles):
            bare, year = split_year(title)
            self._years.append(years[order[rank]] or year)
            self._keys.append(title_key(bare))
            self._by_key.setdefault(self._keys[-1], []).append(rank)
        self._padded = [" " + key for key in self._keys]

    def resolve(self, text: str, *, rated: bool = True) -> TitleMatch:
        """The one item that a title, a title with its year in brackets, or an id means.

        Tried in this order: the exact title, the id, the title in other spelling or word order, the beginning of a
        title, a title with a typing error. Of several the one with the most interactions is meant.

        Parameters
        ----------
        text
            What was typed.
        rated
            Whether only an item that occurs in the interactions will do.

        Raises
        ------
        UnknownError
            With suggestions, where nothing fits, where only items without interactions do (and ``rated``), or where
            several fit equally well.
        """
        text = text.strip()
        if not text:
            raise UnknownError("A title is empty: type a title or an item id.")
        for how, similarity, ranks in self._candidates(text, rated):
            usable = [rank for rank in ranks if rank < self._num_rated] if rated else ranks
            if not usable:
                raise self._unrated(text, ranks[0])
            best = min(usable)
            rivals = [rank for rank in usable if self._popularity[rank] == self._popularity[best]]
            if len(rivals) > 1:
                raise self._ambiguous(text, rivals)
            return self._match(best, how, similarity)
        closest = self._closest(text, rated)
        hint = f"closest: {'; '.join(closest)}" if closest else "check the spelling, or give an item id"
        raise UnknownError(f"There is no title like {_shortened(text)} in this data set; {hint}.", closest)

    def complete(self, text: str, limit: int = 8, *, rated: bool = True) -> list[TitleMatch]:
        """Items that a half-typed title may mean, best first.

        The title itself, an id, titles with a word that begins so (and goes on as typed), then titles with a typing
        error; each kind with the most popular first.

        Parameters
        ----------
        text
            What was typed so far; nothing gives the most popular items.
        limit
            How many at most.
        rated
            Whether only items that occur in the interactions are wanted.
        """
        found: dict[int, tuple[How, float]] = {}
        end = self._num_rated if rated else len(self._keys)
        for rank, how, similarity in self._completions(text.strip(), end):
            found.setdefault(rank, (how, similarity))
            if len(found) >= limit:
                break
        return self._matches([(rank, how, similarity) for rank, (how, similarity) in found.items()])

    # -- candidates -----------------------------------------------------------------------------------------
    def _candidates(self, text: str, rated: bool) -> Iterator[tuple[How, float, list[int]]]:
        """How, similarity and ranks of each kind of match that there is, from the surest."""
        bare, year = split_year(text)
        key = title_key(bare)
        same = self._of_year(self._by_key.get(key, []), year)
        exact = [rank for rank in same if text == self._titles[rank] or bare == split_year(self._titles[rank])[0]]
        if exact and (not rated or min(exact) < self._num_rated or min(same) >= self._num_rated):
            yield "exact", 1.0, exact
        elif exact:
            yield "folded", 0.99, same
        identified = self._by_id(text)
        if identified is not None:
            yield "id", 1.0, [identified]
        if same:
            yield "folded", 0.99, same
        if not key:
            return
        if renamed := self._of_year(self._by_original_title.get(key, []), year):
            yield "folded", 0.98, renamed
        if turned := self._of_year(self._by_words.get(_unordered(key), []), year):
            yield "folded", 0.97, turned
        if len(key) < _SHORTEST and key.isascii():
            return
        if begun := self._of_year(self._beginning_with(key), year):
            yield "prefix", len(key) / len(self._keys[begun[0]]), begun
        similarity = self._similarities(text)
        # A number is no typing error: "Toy Story 9" is not "Toy Story 3".
        numbers = _numbers(key)
        close = [rank for rank in np.flatnonzero(similarity).tolist() if numbers <= _numbers(self._keys[rank])]
        mistyped = self._of_year(close, year)
        if mistyped:
            top = similarity[mistyped].max()
            top_rated = similarity[[rank for rank in mistyped if rank < self._num_rated]].max(initial=0.0)
            # An item that can be used goes before an unusable one that is a letter closer.
            top = top_rated if rated and top_rated >= top - 2 * _NEAR else top
            yield "typo", float(top), [rank for rank in mistyped if abs(similarity[rank] - top) <= _NEAR]

    def _completions(self, text: str, end: int) -> Iterator[tuple[int, How, float]]:
        bare, year = split_year(text)
        key = title_key(bare)
        for rank in self._of_year([rank for rank in self._by_key.get(key, []) if rank < end], year):
            yield rank, "exact" if self._titles[rank] == text else "folded", 1.0
        identified = self._by_id(text)
        if identified is not None and identified < end:
            yield identified, "id", 1.0
        needle = " " + key
        for rank, padded in enumerate(islice(self._padded, end)):
            if needle in padded:
                yield rank, "prefix", len(needle) / len(padded)
        if len(key) >= _SHORTEST:
            similarity = _likeness(key, [other[: len(key) + 1] for other in self._keys[:end]], _FORGIVEN)
            for rank in _best_first(similarity):
                yield rank, "typo", float(similarity[rank])

    def _by_id(self, text: str) -> int | None:
        id_map = self._items.id_map
        if text not in id_map:
            return None
        internal = id_map.encode_one(text)
        # "007" or "1_000" is no spelling of an id.
        return int(self._rank_of[internal - 1]) if str(id_map.decode_one(internal)) == text else None

    def _of_year(self, ranks: list[int], year: int | None) -> list[int]:
        if year is None:
            return ranks
        return [rank for rank in ranks if self._years[rank] in (None, year)]

    @cached_property
    def _by_words(self) -> dict[str, list[int]]:
        by_words: dict[str, list[int]] = {}
        for rank, key in enumerate(self._keys):
            by_words.setdefault(_unordered(key), []).append(rank)
        return by_words

    @cached_property
    def _by_original_title(self) -> dict[str, list[int]]:
        by_key: dict[str, list[int]] = {}
        if "original_title" in self._items.table.column_names:
            names = self._items.table.column("original_title").to_pylist()
            for rank, internal_id in enumerate(self._internal_ids.tolist()):
                by_key.setdefault(title_key(str(names[internal_id - 1] or "")), []).append(rank)
        by_key.pop("", None)
        return by_key

    def _beginning_with(self, key: str) -> list[int]:
        whole_words = [rank for rank, other in enumerate(self._keys) if other.startswith(key + " ")]
        return whole_words or [rank for rank, other in enumerate(self._keys) if other.startswith(key)]

    def _similarities(self, text: str, least: float = _FORGIVEN) -> npt.NDArray[np.float32]:
        """Likeness of each title, or of its beginning, to the typed one; 0 below ``least``."""
        bare = split_year(text)[0]
        key, spelled_out = title_key(bare), " ".join(words(bare))
        best = _likeness(key, self._keys, least)
        np.maximum(best, _likeness(key, [other[: len(key)] for other in self._keys], least) * 0.95, out=best)
        # With the article, which may be what is misspelt: "Teh Matrix".
        np.maximum(best, _likeness(spelled_out, ["the " + other for other in self._keys], least) * 0.95, out=best)
        best[best < least] = 0.0
        return best

    # -- answers --------------------------------------------------------------------------------------------
    def _match(self, rank: int, how: How, similarity: float) -> TitleMatch:
        return self._matches([(rank, how, similarity)])[0]

    def _matches(self, found: Sequence[tuple[int, How, float]]) -> list[TitleMatch]:
        items = self._items.take(self._internal_ids[[rank for rank, _, _ in found]]) if found else []
        return [
            TitleMatch(item, how, similarity, int(self._popularity[rank]))
            for item, (rank, how, similarity) in zip(items, found, strict=True)
        ]

    def _closest(self, text: str, rated: bool, limit: int = 5) -> tuple[str, ...]:
        """Titles that may have been meant, best first, as they can be typed."""
        key = title_key(split_year(text)[0])
        if not key:
            return ()
        end = self._num_rated if rated else len(self._keys)
        completions = (rank for rank, _, _ in self._completions(key, end))
        suggestions = _best_first(self._similarities(text, _SUGGESTED)[:end])
        return self._labels(list(islice(dict.fromkeys(chain(islice(completions, limit), suggestions)), limit)))

    def _unrated(self, text: str, rank: int) -> UnknownError:
        closest = self._closest(text, rated=True)
        hint = f"closest rated: {'; '.join(closest)}" if closest else "name one that somebody has rated"
        return UnknownError(
            f"{self._labels([rank])[0]!r} is in the catalogue, but nobody has rated it, so no sequence model knows it; "
            f"{hint}.",
            closest,
        )

    def _ambiguous(self, text: str, ranks: list[int]) -> UnknownError:
        labels = self._labels(ranks)
        ids = [str(one) for one in self._items.id_map.decode(self._internal_ids[ranks[:5]])]
        named = [f"{label} [id {one}]" for label, one in zip(labels, ids, strict=False)]
        more = f" and {len(ranks) - 5:,} more" if len(ranks) > 5 else ""
        # What can be typed to choose one: its title with the year where that tells them apart, else its id.
        choices = labels[:5] if len(set(labels)) == len(labels) else tuple(ids)
        return UnknownError(
            f"{_shortened(text)} may mean {', '.join(named)}{more}, none more popular than the other: "
            "give the whole title with its year in brackets, or the id.",
            choices,
        )

    def _labels(self, ranks: Sequence[int]) -> tuple[str, ...]:
        labels = []
        for rank in ranks:
            title, year = self._titles[rank], self._years[rank]
            labels.append(title if year is None or split_year(title)[1] == year else f"{title} ({year})")
        return tuple(labels)


def _unordered(key: str) -> str:
    return " ".join(sorted(word for word in key.split(" ") if word not in ("the", "a", "an")))


def _numbers(key: str) -> set[str]:
    return {word for word in key.split(" ") if word.isdecimal()}


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _likeness(key: str, others: Sequence[str], least: float) -> npt.NDArray[np.float32]:
    """1 - edits / length of the longer, an edit being a letter too many, missing, wrong or swapped with the next."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist  # gives up the interpreter while it compares; `extract` does not

    scores: npt.NDArray[np.float32]
    if len(key) * least > max(map(len, others), default=0):
        return np.zeros(len(others), dtype=np.float32)  # longer than any of them by more than is forgiven
    scores = cdist([key], others, scorer=OSA.normalized_similarity, score_cutoff=least, dtype=np.float32)[0]
    return scores


def _best_first(similarity: npt.NDArray[np.float32]) -> list[int]:
    """Ranks of the similar ones, the most similar first, the most popular of equals first."""
    close = np.flatnonzero(similarity)
    ranks: list[int] = close[np.argsort(-similarity[close], kind="stable")].tolist()
    return ranks
