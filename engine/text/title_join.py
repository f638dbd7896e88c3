"""Match the titles of one list to those of another, tolerant of spelling, articles, and typing errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.text.normalize import split_year, title_key, words
from engine.text.title_names import other_names

#: The least similarity (1 - edits / length) of titles that are the same despite a typing error, and of a candidate.
_SAME = 0.85
_NEAR = 0.55
#: Titles with fewer letters are compared as they are: one typing error would make another title of them.
_SHORTEST = 5
_NUM_CANDIDATES = 3
_AT_A_TIME = 32
_ROMAN = re.compile("[ivx]+")
_DIGITS = re.compile(r"\d+")
#: What stands in brackets at the end of a title: another name, or a remark such as ``TV``.
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)\s*$")


#: The keys of a title, and its year.
_Wanted = tuple[list[str], int | None]


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
    candidate_rows
        The rows of these titles.
    """

    row: int | None
    typo: bool = False
    candidates: tuple[str, ...] = ()
    candidate_rows: tuple[int, ...] = ()


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
        self._keys_of_year: dict[int | None, list[str]] = {}
        for key, rows in self._by_key.items():
            for year in {self._years[row] for row in rows}:
                self._keys_of_year.setdefault(year, []).append(key)

    def match(self, titles: Sequence[str], years: Sequence[int | None], *, candidates_of: int = 20) -> list[TitleJoin]:
        """Find the item of each title.

        The titles must be the same up to case, accents, articles and their place, and punctuation; their years may
        differ by one, since sources differ on when a film came out. Then titles of the same year are compared with
        typing errors. A title that fits several items equally well has no match.

        Parameters
        ----------
        titles, years
            The titles, and the year of each or None.
        candidates_of
            Of how many titles without a match the candidates are looked for, which takes long in a large catalogue.
        """
        split = [split_year(title) for title in titles]
        wanted: list[_Wanted] = [
            ([title_key(name) for name in _names_of(bare)], year or written)
            for (bare, written), year in zip(split, years, strict=True)
        ]
        found: list[TitleJoin] = [TitleJoin(self._exact(keys, year)) for keys, year in wanted]
        self._find_typos(found, wanted)
        for position in self._unmatched(found, wanted)[:candidates_of]:
            key = wanted[position][0][0]
            near = dict.fromkeys(row for other in _similar([key], self._keys, _NEAR)[0] for row in self._by_key[other])
            rows = tuple(near)[:_NUM_CANDIDATES]
            found[position] = TitleJoin(None, False, tuple(self._labels[row] for row in rows), rows)
        return found

    def _unmatched(self, found: Sequence[TitleJoin], wanted: Sequence[_Wanted]) -> list[int]:
        return [position for position, one in enumerate(found) if one.row is None and wanted[position][0]]

    def _find_typos(self, found: list[TitleJoin], wanted: Sequence[_Wanted]) -> None:
        by_year: dict[int | None, list[int]] = {}
        for position in self._unmatched(found, wanted):
            by_year.setdefault(wanted[position][1], []).append(position)
        for year, positions in by_year.items():
            others = self._keys_near(year)
            for begin in range(0, len(positions), _AT_A_TIME):
                piece = positions[begin : begin + _AT_A_TIME]
                similar = _similar([wanted[position][0][0] for position in piece], others, _SAME)
                for position, near in zip(piece, similar, strict=True):
                    row = self._same(wanted[position][0][0], year, near)
                    found[position] = TitleJoin(row, typo=row is not None)

    def _keys_near(self, year: int | None) -> list[str]:
        """The keys of the titles that can have this year: few of a large catalogue."""
        if year is None:
            return self._keys
        years = (None, year - 1, year, year + 1)
        return list(dict.fromkeys(key for one in years for key in self._keys_of_year.get(one, ())))

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

    def _same(self, key: str, year: int | None, near: Sequence[str]) -> int | None:
        # A wrong number is another title, not a typing error: "Rocky 2" is not "Rocky 3".
        rows = {
            row
            for other in near
            if min(len(key), len(other)) >= _SHORTEST and _numbers(key) == _numbers(other)
            for row in self._by_key[other]
            if _same_year(self._years[row], year)
        }
        return rows.pop() if len(rows) == 1 else None


def _similar(keys: Sequence[str], others: Sequence[str], least: float) -> list[list[str]]:
    """Those of ``others`` that are most similar to each of these keys, best first."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    if not others:
        return [[] for _ in keys]
    scores = cdist(keys, others, scorer=OSA.normalized_similarity, score_cutoff=least, dtype=np.float32)
    similar = []
    for row in scores:
        close = np.flatnonzero(row)
        best = close[np.argsort(-row[close], kind="stable")][: 4 * _NUM_CANDIDATES]
        similar.append([others[one] for one in best.tolist()])
    return similar


def _same_year(known: int | None, year: int | None) -> bool:
    return known is None or year is None or abs(known - year) <= 1


def _names_of(title: str) -> list[str]:
    """The title, each of the names that it holds, and the title without what stands in brackets at its end."""
    names = [title] if title.strip() else []
    bare = _IN_BRACKETS.sub("", title)
    return [*names, *(other_names(title) or ([bare] if bare.strip() and bare != title else []))]


def _numbers(key: str) -> list[str]:
    return sorted([*_DIGITS.findall(key), *(word for word in key.split(" ") if _ROMAN.fullmatch(word))])
