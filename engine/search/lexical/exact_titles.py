"""Lookup of items by their whole title, which may be slightly misspelt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.search.lexical.spelling import SpellingIndex
from engine.search.lexical.variants import look_alikes, with_numbers
from engine.text.normalize import split_year, title_key

#: The minimum length of a query in which one letter may be wrong; from twice this length on, two letters may be.
_MIN_MISSPELT_LENGTH = 6


class ExactTitles:
    """Finds items by their whole title, regardless of case, accents, articles, spaces and the style of numerals.

    Parameters
    ----------
    titles
        The title of each item.
    other_titles
        Row -> other titles of the item, such as its title in the original language. An item is not found by one of them
        if another item has the same text as its first title.
    """

    def __init__(self, titles: Sequence[str | None], other_titles: Mapping[int, Sequence[str]] | None = None) -> None:
        rows: dict[str, list[int]] = {}
        keys = [title_key(split_year(title or "")[0]) for title in titles]
        for row, key in enumerate(keys):
            rows.setdefault(key, []).append(row)
        others: dict[str, list[int]] = {}
        for row, its_titles in (other_titles or {}).items():
            for key in dict.fromkeys(title_key(split_year(title)[0]) for title in its_titles):
                if key != keys[row]:
                    others.setdefault(key, []).append(row)
        for row, key in enumerate(keys):
            numbered = with_numbers(key)
            for spelling in {numbered, numbered.replace(" ", "")} - {key}:
                others.setdefault(spelling, []).append(row)
            if not (key.isalpha() or " " in key):
                for spelling in look_alikes(key):  # "Se7en" may be meant by "seven" as well as a title "Seven"
                    rows.setdefault(spelling, []).append(row)
        self._rows = {**others, **rows}
        self._rows.pop("", None)

    def find(self, query: str) -> tuple[list[int], bool]:
        """The rows of the items with a title, and whether the query spells the title correctly.

        If no title equals the query, titles that differ from it by one or two letters are found instead. Titles whose
        numbers differ are never confused.
        """
        key = title_key(split_year(query.strip())[0])
        numbered = with_numbers(key)
        compact = numbered.replace(" ", "")
        for spelling in (key, numbered, compact, compact.removeprefix("the")):
            if spelling in self._rows:
                return self._rows[spelling], True
        if len(numbered) < _MIN_MISSPELT_LENGTH:
            return [], True
        similar = self._spellings.similar(numbered, 1 if len(numbered) < 2 * _MIN_MISSPELT_LENGTH else 2)
        similar = [pair for pair in similar if _numbers(pair[0]) == _numbers(numbered)]
        least = min((distance for _, distance in similar), default=0)
        rows = (row for spelling, distance in similar if distance == least for row in self._rows[spelling])
        return list(dict.fromkeys(rows)), False

    def __contains__(self, title: str) -> bool:
        """Whether an item has this title, spelt correctly."""
        key = title_key(title)
        return key in self._rows or with_numbers(key) in self._rows

    def is_first(self, title: str, titles_of: Callable[[Sequence[int]], Sequence[str | None]]) -> bool:
        """Whether this is the first title of an item, in any spelling of case, accents and articles.

        Parameters
        ----------
        title
            The title.
        titles_of
            Gives the first titles of items by their rows.
        """
        key = title_key(split_year(title.strip())[0])
        return any(title_key(split_year(one or "")[0]) == key for one in titles_of(self._rows.get(key, [])))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The state of the index as arrays, for :meth:`restore`."""
        return {
            "title_keys": np.frombuffer("\n".join(self._rows).encode("utf-8", "surrogatepass"), dtype=np.uint8),
            "title_rows": np.array([row for rows in self._rows.values() for row in rows], dtype=np.int32),
            "title_ends": np.cumsum([len(rows) for rows in self._rows.values()], dtype=np.int64),
        }

    @classmethod
    def restore(cls, state: Mapping[str, npt.NDArray[Any]], num_items: int) -> ExactTitles:
        """Make an index over ``num_items`` items from the arrays that :meth:`state` returned.

        Raises
        ------
        ValueError
            If the arrays do not fit each other, or name items that do not exist.
        """
        given = state["title_rows"]
        if given.dtype != np.int32 or (len(given) and (given.min() < 0 or given.max() >= num_items)):
            raise ValueError("its titles are of items that do not exist")
        if len(state["title_ends"]) and state["title_ends"][-1] != len(given):
            raise ValueError("its titles do not fit its items")
        text = state["title_keys"].tobytes().decode("utf-8", "surrogatepass")
        rows, ends = state["title_rows"].tolist(), state["title_ends"].tolist()
        titles = cls(())
        titles._rows = {
            key: rows[start:end]
            for key, start, end in zip(text.split("\n") if ends else (), [0, *ends[:-1]], ends, strict=True)
        }
        return titles

    @locked_property
    def _spellings(self) -> SpellingIndex:
        return SpellingIndex(list(self._rows))


def _numbers(key: str) -> list[str]:
    return re.findall(r"\d+", key)
