"""Match the titles of one list to those of another, tolerant of spelling, articles, and typing errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.text.normalize import split_year, title_key, words
from engine.text.title_names import other_names

#: The least similarity (1 - edits / length) of titles that are the same despite a typing error, and of a candidate.
_SAME = 0.9
_NEAR = 0.55
#: Titles with fewer letters are compared as they are: one typing error would make another title of them.
_SHORTEST = 5
_NUM_CANDIDATES = 3
#: So many times as popular as every other item of a title is the one that a title without a year is taken for.
_FAR_BETTER_KNOWN = 20
_AT_A_TIME = 32
_ROMAN = re.compile("[ivx]+")
_DIGITS = re.compile(r"\d+")
#: What stands in brackets at the end of a title: another name, or a remark such as ``TV``.
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)\s*$")
_TRAILING_ARTICLE = re.compile(r"^(?P<rest>.+),\s*(?P<article>\w+'?)$")
#: What stands between the parts of a title, and a name before it: "Star Wars: Episode V - The Empire Strikes Back" is
#: also called by its last part, and "Bram Stoker's Dracula" without the name.
_BETWEEN_PARTS = re.compile(r":\s+|\s+[-\u2013\u2014]\s+")
_NAME_BEFORE = re.compile(r"^(?:[^\W\d_][\w.]*\s+){0,2}[^\W\d_]\w*(?:['\u2019]s|s['\u2019])\s+(?P<rest>.+)$")
#: Before a fraction or a raised digit: "33⅓" and "Alien³" are "33 1/3" and "Alien 3".
_BEFORE_SIGN = re.compile(r"(?<=\w)(?=[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2150-\u215e])")


#: The keys of a title, the keys of its parts, and its year.
_Wanted = tuple[list[str], list[str], int | None]


@dataclass(frozen=True, slots=True)
class TitleJoin:
    """What was found for one title.

    Attributes
    ----------
    row
        The row of the other list; None if there is no match.
    typo
        Whether the titles differ by a typing error.
    other_name
        Whether one title is a part of the other.
    best_known
        Whether it is one of several items of this title, by far the best known of them.
    candidates
        The most similar titles of the other list with their years, best first, if there is no match.
    candidate_rows
        The rows of these titles.
    """

    row: int | None
    typo: bool = False
    other_name: bool = False
    best_known: bool = False
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
    popularity
        How popular each item is. Of items with the same title and year the most popular one is then meant; without it
        such a title has no match.
    """

    def __init__(
        self,
        titles: Sequence[str],
        years: Sequence[int | None],
        other_titles: Sequence[Sequence[str | None]] = (),
        popularity: Sequence[int] | None = None,
    ) -> None:
        self._popularity = popularity
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
        self._by_part: dict[str, list[int]] = {}
        for row, title in enumerate(titles):
            for part in _parts_of(split_year(title)[0]):
                self._by_part.setdefault(part, []).append(row)
        self._keys = list(self._by_key)
        self._joined = {key.replace(" ", ""): key for key in self._keys}
        self._keys_of_year: dict[int | None, list[str]] = {}
        for key, rows in self._by_key.items():
            for year in {self._years[row] for row in rows}:
                self._keys_of_year.setdefault(year, []).append(key)

    def match(self, titles: Sequence[str], years: Sequence[int | None], *, candidates_of: int = 20) -> list[TitleJoin]:
        """Find the item of each title.

        The titles must be the same up to case, accents, articles and their place, and punctuation; their years may
        differ by one, since sources differ on when a film came out. Then a title is compared with the parts of the
        titles of exactly the same year, before and after a colon or a dash, and its parts with whole titles. Then
        titles of the same year are compared with typing errors. A title that fits several items equally well has no
        match. One without a year fits those best that have its article, too; of several of these, one that is far
        better known than the others is meant.

        Parameters
        ----------
        titles, years
            The titles, and the year of each or None.
        candidates_of
            Of how many titles without a match the candidates are looked for, which takes long in a large catalogue.
        """
        split = [split_year(title) for title in titles]
        wanted: list[_Wanted] = [
            ([title_key(_comparable(name)) for name in _names_of(bare)], _parts_of(bare), year or written)
            for (bare, written), year in zip(split, years, strict=True)
        ]
        found = [
            TitleJoin(self._exact(keys, year)) if year is not None else self._exact_without_year(keys, bare)
            for (keys, _, year), (bare, _) in zip(wanted, split, strict=True)
        ]
        for position in self._unmatched(found, wanted):
            row = self._by_parts(*wanted[position])
            found[position] = TitleJoin(row, other_name=row is not None)
        self._find_typos(found, wanted)
        for position in self._unmatched(found, wanted)[:candidates_of]:
            key = wanted[position][0][0]
            near = dict.fromkeys(row for other in _similar([key], self._keys, _NEAR)[0] for row in self._by_key[other])
            rows = tuple(near)[:_NUM_CANDIDATES]
            found[position] = TitleJoin(None, candidates=tuple(self._labels[row] for row in rows), candidate_rows=rows)
        return found

    def _unmatched(self, found: Sequence[TitleJoin], wanted: Sequence[_Wanted]) -> list[int]:
        return [position for position, one in enumerate(found) if one.row is None and wanted[position][0]]

    def _find_typos(self, found: list[TitleJoin], wanted: Sequence[_Wanted]) -> None:
        by_year: dict[int | None, list[int]] = {}
        for position in self._unmatched(found, wanted):
            by_year.setdefault(wanted[position][2], []).append(position)
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
        key = title_key(_comparable(name))
        # With its article too, since this may be the misspelt word: "Teh Matrix".
        for one in (key, f"the {key}") if "the" in words(name) else (key,):
            rows = self._by_key.setdefault(one, []) if key else []
            if row not in rows[-1:]:
                rows.append(row)

    def _rows_of(self, keys: Sequence[str]) -> list[int]:
        return list(dict.fromkeys(row for key in keys for row in self._by_key.get(key, ())))

    def _exact_without_year(self, keys: Sequence[str], title: str) -> TitleJoin:
        rows = self._rows_of(keys)
        if len(rows) > 1:
            # "Heat" is not "The Heat" if there are both.
            spelled = _with_article(title)
            rows = [row for row in rows if spelled in self._spellings(row)] or rows
        only = self._only(rows)
        popularity = self._popularity
        if only is not None or popularity is None or not rows:
            return TitleJoin(only)
        best, second, *_ = sorted(rows, key=popularity.__getitem__, reverse=True)
        if popularity[best] < _FAR_BETTER_KNOWN * max(1, popularity[second]):
            return TitleJoin(None)
        return TitleJoin(best, best_known=True)

    def _spellings(self, row: int) -> set[str]:
        return {_with_article(name) for name in _names_of(split_year(self._labels[row])[0])}

    def _exact(self, keys: Sequence[str], year: int) -> int | None:
        rows = self._rows_of(keys)
        for fits in (
            [row for row in rows if self._years[row] == year],
            [row for row in rows if (known := self._years[row]) is not None and abs(known - year) == 1],
            [row for row in rows if self._years[row] is None],
        ):
            if fits:
                return self._only(fits)
        return None

    def _only(self, rows: Sequence[int]) -> int | None:
        """The one row; the most popular of several whose titles and years are the same, if that is known."""
        if len(rows) > 1 and self._popularity is not None and len({self._labels[row] for row in rows}) == 1:
            return max(rows, key=self._popularity.__getitem__)
        return rows[0] if len(rows) == 1 else None

    def _by_parts(self, keys: Sequence[str], parts: Sequence[str], year: int | None) -> int | None:
        if year is None:  # several words must be the same then
            keys, parts = ([one for one in names if " " in one] for names in (keys, parts))
        rows = {row for key in keys for row in self._by_part.get(key, ())}
        joined = (self._joined.get(key.replace(" ", ""), "") for key in keys)  # "Jungle 2 Jungle" is "Jungle2Jungle"
        rows.update(row for key in (*parts, *joined) for row in self._by_key.get(key, ()))
        return self._only([row for row in sorted(rows) if year in (None, self._years[row])])

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
    """Whether two years allow for a typing error in the title; one that is not known does not."""
    return known == year if known is None or year is None else abs(known - year) <= 1


def _names_of(title: str) -> list[str]:
    """The title, each of the names that it holds, and the title without what stands in brackets at its end."""
    names = [title] if title.strip() else []
    bare = _IN_BRACKETS.sub("", title)
    return [*names, *(other_names(title) or ([bare] if bare.strip() and bare != title else []))]


def _comparable(name: str) -> str:
    """A title in which signs stand for words: ``33⅓`` is ``33 1/3``, ``Alien³`` is ``Alien 3``, a plus is an "and"."""
    return _BEFORE_SIGN.sub(" ", name).replace(" + ", " and ")


def _with_article(title: str) -> str:
    """The words of a title, with an article that stands behind it moved before it."""
    found = _TRAILING_ARTICLE.match(title)
    return " ".join(words(f"{found['article']} {found['rest']}" if found else title))


def _parts_of(title: str) -> list[str]:
    """The keys of the parts by which a title may also be known."""
    parts = []
    for name in _names_of(title)[:1]:
        bare = _IN_BRACKETS.sub("", name).strip() or name
        article = _TRAILING_ARTICLE.match(bare)
        if article and title_key(bare) == title_key(f"{article['article']} {article['rest']}"):
            bare = f"{article['article']} {article['rest']}"
        pieces = _BETWEEN_PARTS.split(bare)
        if len(pieces) > 1:
            first, last = pieces[0], pieces[-1]
            # A single word after a colon says too little: "Mission: Impossible".
            parts += [first, *([last] if len(words(last)) > 1 else [])]
        if before := _NAME_BEFORE.match(bare):
            parts.append(before["rest"])
    return list(dict.fromkeys(key for part in parts if (key := title_key(_comparable(part)))))


def _numbers(key: str) -> list[str]:
    return sorted([*_DIGITS.findall(key), *(word for word in key.split(" ") if _ROMAN.fullmatch(word))])
