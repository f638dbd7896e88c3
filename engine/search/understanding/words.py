"""The words of a query as the rules read them: by position, with safe access beyond both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from engine.search.understanding.tokens import Token

#: What joins the parts of a list.
Conjunction = Literal[",", "or", "and"]


#: Words that stand for items, as a noun does: "something from france".
_SOMETHING = frozenset(("something", "anything", "everything", "stuff"))
#: The most words of a noun for a genre: "slice of life".
_LONGEST_HEAD = 3
#: Marks between the parts of a list, and what they say.
_MARKS: Mapping[str, Conjunction] = {",": ",", "/": "or", "&": "and"}


class Joint(NamedTuple):
    """What joins two parts of a list; ``end`` is the place of the first word behind it."""

    end: int
    word: Conjunction


class Words:
    """The words of a query.

    Parameters
    ----------
    tokens
        The words with their places.
    is_sealed
        For each word whether it must stay text.
    heads
        The nouns for items or genres, after which a time says when they were made.
    """

    def __init__(self, tokens: Sequence[Token], is_sealed: Sequence[bool], heads: frozenset[str]) -> None:
        self.tokens = tokens
        self.is_sealed = is_sealed
        self._heads = heads
        self.plain = ["" if sealed else token.word for token, sealed in zip(tokens, is_sealed, strict=True)]

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, place: int) -> str:
        """The word at a place; empty beyond the ends, and for a word that must stay text."""
        return self.plain[place] if 0 <= place < len(self.plain) else ""

    def gap(self, place: int) -> str:
        """What stands before a word; empty beyond the ends."""
        return self.tokens[place].gap if 0 <= place < len(self.tokens) else ""

    def breaks(self, place: int) -> bool:
        """Whether a mark separates a word from the one before, or it is beyond the ends."""
        return not 0 < place < len(self.tokens) or self.tokens[place].breaks

    def after(self, start: int, phrases: tuple[str, ...]) -> int | None:
        """The place behind the first of these phrases that begins at a word; None if none does."""
        word = self[start]
        if not word:
            return None
        for phrase in _by_first_word(phrases).get(word, ()):
            if self.plain[start : start + len(phrase)] == phrase:
                return start + len(phrase)
        return None

    def joint(self, end: int) -> Joint | None:
        """What goes on with a list behind its first words: a comma, "or", "and", or a comma and one of these."""
        if not 0 < end < len(self.tokens):
            return None
        gap, word = self.tokens[end].gap.strip(), self[end]
        if word in ("or", "nor", "and") and gap in ("", ",", "/"):
            behind = end + 1
            if word == "and" and self[behind] == "or" and self.gap(behind) == "/":
                word, behind = "or", behind + 1
            return None if self.breaks(behind) else Joint(behind, "and" if word == "and" else "or")
        return Joint(end, _MARKS[gap]) if gap in _MARKS else None

    def commas(self, start: int, end: int) -> frozenset[int]:
        """The places of the words behind the first one that a comma separates from the word before."""
        return frozenset(place for place in range(start + 1, end) if self.gap(place).strip() == ",")

    def after_or(self, end: int) -> int | None:
        """The place behind an "or" that goes on with something; None if there is none, or a mark beside it."""
        is_joint = self[end] in ("or", "nor") and not self.breaks(end) and not self.breaks(end + 1)
        return end + 1 if is_joint else None

    def is_head(self, place: int) -> bool:
        """Whether a word is a noun for items or for a genre, or there is no such word."""
        return place < 0 or self.breaks(place + 1) or self.names_items(place) or self[place] in _SOMETHING

    def names_items(self, place: int) -> bool:
        """Whether a noun for items or for a genre is at a place, or one of several words begins or ends there."""
        if self[place] in self._heads:
            return True
        return any(
            " ".join(self[one] for one in range(start, start + length)) in self._heads
            for length in range(2, _LONGEST_HEAD + 1)
            for start in (place, place - length + 1)
        )


@lru_cache(maxsize=256)
def _by_first_word(phrases: tuple[str, ...]) -> Mapping[str, list[list[str]]]:
    """The words of each phrase, by the first one."""
    found: dict[str, list[list[str]]] = {}
    for phrase in phrases:
        parts = phrase.split(" ")
        found.setdefault(parts[0], []).append(parts)
    return found
