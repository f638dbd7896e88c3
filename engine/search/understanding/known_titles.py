"""Well-known titles: their words are searched for, whatever else these words could mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.runtime.locked_property import locked_property
from engine.search.understanding.tokens import STOP_WORDS, Token
from engine.text.normalize import fold, split_year, title_key, words

if TYPE_CHECKING:
    from engine.search.understanding.columns import Columns

#: How many titles count as well known.
_WELL_KNOWN = 3000
_LONGEST = 8
_NEGATION = re.compile(
    r"\b(?:no|not|nor|neither|non|nothing|without|isn.?t|aren.?t|except|excluding|other than|but|minus|avoid)"
)
_PARTS = re.compile(r"[():]|\s[-–]\s|a\.k\.a\.")


class KnownTitles:
    """The titles of a catalogue, of which the best known protect their words.

    Parameters
    ----------
    columns
        The columns of the catalogue.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    @locked_property
    def _titles(self) -> tuple[tuple[str, ...], ...]:
        """The words of the well-known titles, and of the parts that a colon or brackets separate."""
        fields, people = self._columns.fields, self._columns.numbers.get("people")
        rows = np.arange(fields.num_items)
        if people is not None:
            rows = np.argsort(-np.nan_to_num(people.numbers), kind="stable")
        found: dict[tuple[str, ...], None] = {}
        for title in fields.titles(rows[:_WELL_KNOWN]):
            bare = split_year(title or "")[0]
            for part in (bare, *_PARTS.split(bare)):
                found[tuple(words(part))] = None
        return tuple(found)

    @locked_property
    def _whole(self) -> frozenset[tuple[str, ...]]:
        whole = set(self._titles)
        whole |= {title[1:] for title in self._titles if len(title) > 2 and title[0] in ("the", "a", "an")}
        return frozenset(whole)

    @locked_property
    def _sorted(self) -> list[str]:
        return sorted(" ".join(title) for title in self._whole)

    @locked_property
    def _neighbours(self) -> list[str]:
        """Two words that stand side by side in a title, or with one small word between them; sorted."""
        found: set[str] = set()
        for title in self._titles:
            found.update(f"{a} {b} " for a, b in pairwise(title) if a not in STOP_WORDS and b not in STOP_WORDS)
            found.update(
                f"{a} {b} {c} " for a, b, c in zip(title, title[1:], title[2:], strict=False) if b in STOP_WORDS
            )
        return sorted(found)

    @locked_property
    def _hashes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """The hashes of all titles, sorted, and their rows: a set of a million titles would take a hundred MB."""
        titles = self._columns.fields.titles()
        keys = (hash(title_key(split_year(title or "")[0])) for title in titles)
        hashes = np.fromiter(keys, dtype=np.int64, count=len(titles))
        rows = np.argsort(hashes, kind="stable").astype(np.int32)
        return hashes[rows], rows

    def has(self, title: str) -> bool:
        """Whether an item of the catalogue has this title, in any spelling of case, accents and articles."""
        return len(self._rows(title)) > 0

    def row(self, title: str) -> int | None:
        """The row of the best-known item that has this title; None if none has it."""
        rows, people = self._rows(title), self._columns.numbers.get("people")
        if not len(rows):
            return None
        return int(rows[0] if people is None else rows[np.argmax(np.nan_to_num(people.numbers[rows]))])

    def _rows(self, title: str) -> npt.NDArray[np.int32]:
        """The rows of the items that have a title."""
        hashes, rows = self._hashes
        wanted = hash(title_key(split_year(title.strip())[0]))
        return rows[np.searchsorted(hashes, wanted) : np.searchsorted(hashes, wanted, side="right")]

    def have(self, wanted: Sequence[str], rows: npt.NDArray[np.int64]) -> bool:
        """Whether the title of one of these items contains all of these words."""
        titles = (fold(title or "") for title in self._columns.fields.titles(rows))
        return any(all(word in title for word in wanted) for title in titles)

    def is_well_known(self, words: Sequence[str]) -> bool:
        """Whether these words are a well-known title, or a part of one that a colon or brackets separate."""
        return tuple(words) in self._whole

    def begins(self, tokens: Sequence[Token]) -> bool:
        """Whether several words, of which the last one may be half typed, are the beginning of a well-known title."""
        typed = " ".join(token.word for token in tokens)
        place = bisect_left(self._sorted, typed)
        return len(tokens) > 1 and place < len(self._sorted) and self._sorted[place].startswith(typed)

    def runs(self, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
        """The places at which words of a query are a well-known title of several words."""
        for start in range(len(tokens)):
            for end in range(min(len(tokens), start + _LONGEST), start + 1, -1):
                if tuple(token.word for token in tokens[start:end]) in self._whole:
                    yield start, end
                    break

    def joins(self, tokens: Sequence[Token], start: int, end: int, others: Container[int]) -> bool:
        """Whether a well-known title joins the words from ``start`` to ``end`` with a neighbour in the query.

        Parameters
        ----------
        tokens
            The words of the query.
        start, end
            The places of the first word and behind the last one.
        others
            The places of words that mean something by themselves and are no such neighbours.
        """
        first, last = tokens[start].word, tokens[end - 1].word
        before = [place for place in (start - 2, start - 1) if place >= 0]
        if before and tokens[before[-1]].word not in STOP_WORDS:
            before = before[-1:]
        is_joined = before and first not in STOP_WORDS and before[0] not in others
        if is_joined and self._has(" ".join(tokens[place].word for place in (*before, start))):
            return True
        after = [place for place in (end, end + 1) if place < len(tokens)]
        if after and tokens[after[0]].word not in STOP_WORDS:
            after = after[:1]
        if not after or last in STOP_WORDS or after[-1] in others or tokens[after[-1]].word in STOP_WORDS:
            return False
        return self._has(
            " ".join(tokens[place].word for place in (end - 1, *after)), is_half_typed=after[-1] + 1 == len(tokens)
        )

    def negate(self, text: str, tokens: Sequence[Token], start: int, end: int) -> bool:
        """Whether any title contains a negation, with the words from ``start`` to ``end`` and a neighbour in the query.

        Two words alone tell nothing: a title that contains "no romance" leaves a condition what it is.
        """
        before = start > 0 and not tokens[start].breaks
        after = end < len(tokens) and not tokens[end].breaks
        runs = [(start - 1, end)] * before + [(start, end + 1)] * after
        return any(
            f" {' '.join(words(text[tokens[first].start : tokens[last - 1].end]))}" in self._negations
            for first, last in runs
            if last - first > 2
        )

    @locked_property
    def _negations(self) -> str:
        """The folded words of the titles that contain a negation, with a space around each word."""
        lines = "\n".join(title or "" for title in self._columns.fields.titles()).casefold()
        found: dict[str, None] = {}
        for match in _NEGATION.finditer(lines):
            end = lines.find("\n", match.end())
            found[lines[lines.rfind("\n", 0, match.start()) + 1 : end if end >= 0 else None]] = None
        return "\n".join(f" {' '.join(words(title))} " for title in found)

    def _has(self, joint: str, is_half_typed: bool = False) -> bool:
        wanted = joint if is_half_typed and len(joint.rsplit(" ", 1)[-1]) > 2 else f"{joint} "
        place = bisect_left(self._neighbours, wanted)
        return place < len(self._neighbours) and self._neighbours[place].startswith(wanted)
