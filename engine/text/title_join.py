"""Match the titles of one list to those of another, tolerant of spelling, articles, and typing errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.text.normalize import split_year, title_key, words

#: The least similarity (1 - edits / length) of titles that are the same despite a typing error, and of a candidate.
_SAME = 0.85
_NEAR = 0.55
#: Titles with fewer letters are compared as they are: one typing error would make another title of them.
_SHORTEST = 5
_NUM_CANDIDATES = 3
_AT_A_TIME = 32
_ROMAN = re.compile("[ivx]+")
_DIGITS = re.compile(r"\d+")
#: ``Postino, Il (Postman, The)``: another title in brackets at the end.
_IN_BRACKETS = re.compile(r"^(.*?)\s*\(([^()]*)\)\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TitleJoin:
    """What was found for one title.

    Attributes
    ----------
    row
        The row of the other list; None if there is no match.
    typo
        Whether the titles differ by a typing error.
    candidates
        The most similar titles of the other list with their years, best first, if there is no match.
    """

    row: int | None
    typo: bool = False
    candidates: tuple[str, ...] = ()


class TitleIndex:
    """The titles to which other titles are matched.

    Parameters
    ----------
    titles
        The titles; a year in brackets at the end of one is its year.
    years
        The year of each title, or None.
    other_titles
        More titles of the same items, such as the original ones; None for an item without.
    """

    def __init__(
        self,
        titles: Sequence[str],
        years: Sequence[int | None],
        other_titles: Sequence[Sequence[str | None]] = (),
    ) -> None:
        self._labels: list[str] = []
        self._years: list[int | None] = []
        self._by_key: dict[str, list[int]] = {}
        for row, (title, year) in enumerate(zip(titles, years, strict=True)):
            bare, written = split_year(title)
            known = year or written
            self._years.append(known)
            self._labels.append(bare if known is None else f"{bare} ({known})")
            for name in _names_of(bare):
                self._add(name, row)
        for column in other_titles:
            for row, other in enumerate(column):
                for name in _names_of(split_year(other or "")[0]):
                    self._add(name, row)
        self._keys = list(self._by_key)

    def match(self, titles: Sequence[str], years: Sequence[int | None]) -> list[TitleJoin]:
        """Find the item of each title.

        The titles must be the same up to case, accents, articles and their place, and punctuation; their years may
        differ by one, since sources differ on when a film came out. Then titles of the same year are compared with
        typing errors. A title that fits several items equally well has no match.
        """
        split = [split_year(title) for title in titles]
        wanted = [
            ([title_key(name) for name in _names_of(bare)], year or written)
            for (bare, written), year in zip(split, years, strict=True)
        ]
        found: list[TitleJoin] = [TitleJoin(self._exact(keys, year)) for keys, year in wanted]
        open_ones = [position for position, one in enumerate(found) if one.row is None and wanted[position][0]]
        for begin in range(0, len(open_ones), _AT_A_TIME):
            piece = open_ones[begin : begin + _AT_A_TIME]
            keys = [wanted[position][0][0] for position in piece]
            for position, joined in zip(
                piece, self._by_similarity(keys, [wanted[one][1] for one in piece]), strict=True
            ):
                found[position] = joined
        return found

    def _add(self, name: str, row: int) -> None:
        key = title_key(name)
        # With its article too, since this may be the misspelt word: "Teh Matrix".
        for one in (key, f"the {key}") if "the" in words(name) else (key,):
            rows = self._by_key.setdefault(one, []) if key else []
            if row not in rows[-1:]:
                rows.append(row)

    def _exact(self, keys: Sequence[str], year: int | None) -> int | None:
        rows = list(dict.fromkeys(row for key in keys for row in self._by_key.get(key, ())))
        if year is None:
            return rows[0] if len(rows) == 1 else None
        for fits in (
            [row for row in rows if self._years[row] == year],
            [row for row in rows if (known := self._years[row]) is not None and abs(known - year) == 1],
            [row for row in rows if self._years[row] is None],
        ):
            if fits:
                return fits[0] if len(fits) == 1 else None
        return None

    def _by_similarity(self, keys: Sequence[str], years: Sequence[int | None]) -> list[TitleJoin]:
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cdist

        if not self._keys:
            return [TitleJoin(None) for _ in keys]
        scores = cdist(keys, self._keys, scorer=OSA.normalized_similarity, score_cutoff=_NEAR, dtype=np.float32)
        joins = []
        for key, year, row_scores in zip(keys, years, scores, strict=True):
            best = np.argsort(-row_scores, kind="stable")[: 4 * _NUM_CANDIDATES]
            near = [(float(row_scores[one]), self._keys[one]) for one in best.tolist() if row_scores[one] > 0]
            joins.append(self._join(key, year, near))
        return joins

    def _join(self, key: str, year: int | None, near: Sequence[tuple[float, str]]) -> TitleJoin:
        # A wrong number is another title, not a typing error: "Rocky 2" is not "Rocky 3".
        same = {
            row
            for score, other in near
            if score >= _SAME and min(len(key), len(other)) >= _SHORTEST and _numbers(key) == _numbers(other)
            for row in self._by_key[other]
            if _same_year(self._years[row], year)
        }
        if len(same) == 1:
            return TitleJoin(same.pop(), typo=True)
        rows = dict.fromkeys(row for _, other in near for row in self._by_key[other])
        return TitleJoin(None, candidates=tuple(self._labels[row] for row in list(rows)[:_NUM_CANDIDATES]))


def _same_year(known: int | None, year: int | None) -> bool:
    return known is None or year is None or abs(known - year) <= 1


def _names_of(title: str) -> list[str]:
    """The title, and where it has another one in brackets at its end, each of the two."""
    names = [title] if title.strip() else []
    found = _IN_BRACKETS.match(title)
    if found is not None:
        names += [one.removeprefix("a.k.a. ") for one in found.groups() if one.strip()]
    return names


def _numbers(key: str) -> list[str]:
    return sorted([*_DIGITS.findall(key), *(word for word in key.split(" ") if _ROMAN.fullmatch(word))])
