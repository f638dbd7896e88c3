"""Matching of typed titles to items, tolerant of spelling, word order and typing errors."""

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

#: The minimum similarity (1 - edits / length) of a title that is accepted despite typing errors, and of a suggestion.
_MIN_ACCEPTED = 0.75
_MIN_SUGGESTED = 0.55
#: Similarities that differ by at most this much count as equal, and the more popular item is chosen.
_TOLERANCE = 0.03
#: The minimum number of letters for matching by prefix or with typing errors.
_MIN_LENGTH = 3


class TitleMatcher:
    """Finds items by typed titles.

    Internally items are identified by their *rank* in popularity: rank 0 is the item with the most interactions, and
    equally popular items are ordered by internal id. The better of two candidates is thus the one with the smaller
    rank, and the items that occur in the interactions have the first ranks.

    Parameters
    ----------
    items
        The catalogue.
    popularity
        The number of interactions of each item, by internal id, shape (num_items,).
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
        """Find the one item that a typed title, a title with its year in brackets, or an id denotes.

        The following are tried in this order: the exact title, the id, the title in another spelling or word order, the
        beginning of a title, and a title with typing errors. If several items match, the one with the most interactions
        is chosen.

        Parameters
        ----------
        text
            The typed text.
        rated
            Whether only items that occur in the interactions are accepted.

        Raises
        ------
        UnknownError
            If no item matches, if only items without interactions match although ``rated`` is set, or if several items
            match equally well. The error contains suggestions.
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
        """Items whose titles complete a half-typed text, best first.

        The item with this title comes first, then the item with this id, titles that contain the text from the start of
        a word on, and titles with typing errors. Within each kind the most popular items come first.

        Parameters
        ----------
        text
            The text typed so far; an empty text returns the most popular items.
        limit
            The maximum number of items.
        rated
            Whether only items that occur in the interactions are returned.
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
        """The kind, similarity and ranks of the matches, one kind at a time, the most reliable kind first."""
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
        if reordered := self._of_year(self._by_words.get(_unordered(key), []), year):
            yield "folded", 0.97, reordered
        if len(key) < _MIN_LENGTH and key.isascii():
            return
        if prefixed := self._of_year(self._beginning_with(key), year):
            yield "prefix", len(key) / len(self._keys[prefixed[0]]), prefixed
        similarity = self._similarities(text)
        # A wrong number is not treated as a typing error: "Toy Story 9" does not match "Toy Story 3".
        numbers = _numbers(key)
        close = [rank for rank in np.flatnonzero(similarity).tolist() if numbers <= _numbers(self._keys[rank])]
        mistyped = self._of_year(close, year)
        if mistyped:
            top = similarity[mistyped].max()
            top_rated = similarity[[rank for rank in mistyped if rank < self._num_rated]].max(initial=0.0)
            # A rated item is preferred to an unrated one that is closer by a letter.
            top = top_rated if rated and top_rated >= top - 2 * _TOLERANCE else top
            yield (
                "typo",
                float(top),
                [rank for rank in mistyped if abs(similarity[rank] - top) <= _TOLERANCE],
            )

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
        if len(key) >= _MIN_LENGTH:
            similarity = _similarity(key, [other[: len(key) + 1] for other in self._keys[:end]], _MIN_ACCEPTED)
            for rank in _best_first(similarity):
                yield rank, "typo", float(similarity[rank])

    def _by_id(self, text: str) -> int | None:
        id_map = self._items.id_map
        if text not in id_map:
            return None
        internal = id_map.encode_one(text)
        # Other ways to write an integer, such as "007" or "1_000", do not match an id.
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

    def _similarities(self, text: str, least: float = _MIN_ACCEPTED) -> npt.NDArray[np.float32]:
        """The similarity of each title, or of its beginning, to the typed one, set to 0 if it is below ``least``."""
        bare = split_year(text)[0]
        key, spelled_out = title_key(bare), " ".join(words(bare))
        best = _similarity(key, self._keys, least)
        np.maximum(best, _similarity(key, [other[: len(key)] for other in self._keys], least) * 0.95, out=best)
        # Titles are also compared with their article, since it may be the misspelt word: "Teh Matrix".
        np.maximum(best, _similarity(spelled_out, ["the " + other for other in self._keys], least) * 0.95, out=best)
        best[best < least] = 0.0
        return best

    # -- results --------------------------------------------------------------------------------------------
    def _match(self, rank: int, how: How, similarity: float) -> TitleMatch:
        return self._matches([(rank, how, similarity)])[0]

    def _matches(self, found: Sequence[tuple[int, How, float]]) -> list[TitleMatch]:
        items = self._items.take(self._internal_ids[[rank for rank, _, _ in found]]) if found else []
        return [
            TitleMatch(item, how, similarity, int(self._popularity[rank]))
            for item, (rank, how, similarity) in zip(items, found, strict=True)
        ]

    def _closest(self, text: str, rated: bool, limit: int = 5) -> tuple[str, ...]:
        """The titles closest to a text, best first, in a form that can be typed."""
        key = title_key(split_year(text)[0])
        if not key:
            return ()
        end = self._num_rated if rated else len(self._keys)
        completions = (rank for rank, _, _ in self._completions(key, end))
        suggestions = _best_first(self._similarities(text, _MIN_SUGGESTED)[:end])
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
        # The choices are titles with years if these distinguish the items, otherwise ids.
        choices = labels[:5] if len(set(labels)) == len(labels) else tuple(ids)
        return UnknownError(
            f"{_shortened(text)} may mean {', '.join(named)}{more}, and none is more popular than the others: "
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


def _similarity(key: str, others: Sequence[str], least: float) -> npt.NDArray[np.float32]:
    """1 - edits / length of the longer text: the normalized optimal string alignment similarity."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist  # releases the interpreter lock while it compares, unlike `extract`

    scores: npt.NDArray[np.float32]
    if len(key) * least > max(map(len, others), default=0):
        return np.zeros(len(others), dtype=np.float32)  # the key is too long to be similar to any of them
    scores = cdist([key], others, scorer=OSA.normalized_similarity, score_cutoff=least, dtype=np.float32)[0]
    return scores


def _best_first(similarity: npt.NDArray[np.float32]) -> list[int]:
    """The ranks with a similarity above 0, the most similar first, and of equal ones the most popular first."""
    close = np.flatnonzero(similarity)
    ranks: list[int] = close[np.argsort(-similarity[close], kind="stable")].tolist()
    return ranks
