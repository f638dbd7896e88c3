"""The words of a query with their places, and the small words that carry no subject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.text.normalize import fold

_TOKEN = re.compile(
    r"""
    "[^"]*"                                      # text in quotes, which is never understood
    | [0-9]+(?:[.,][0-9]+)+                      # 8.5, 1,000
    | [^\W_]+(?:['\u2018\u2019\u02bc][^\W_]+)*   # a word, don't
    | [^\w\s"'\u2018\u2019\u02bc.,;:!?()\[\]{}/|&<>=~$€£¥+*\u2010-\u2015-]+  # an emoji or another symbol
    """,
    re.VERBOSE,
)
_BREAK = re.compile(r"[,;:!?()\[\]|]|\.(?:\s|$)")
_BRACKETS = re.compile(r"[()\[\]]")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc]")


def word_set(text: str) -> frozenset[str]:
    """The words of a table that is written as a text."""
    return frozenset(text.split())


#: Words that connect others and name no subject.
STOP_WORDS = word_set(
    """
    a an the and or but of in on at to for from by with about into as is are was were be been it its that
    which who this these those than then so my your his her their our some any all very really i me you we he
    she they there where when while has have had do does nor too also just made set
    """
)
#: Requests around a query, which are dropped where conditions are all that is left.
FILLERS = STOP_WORDS | word_set(
    """
    show give find want watch see recommend suggest please something anything stuff things ones looking look
    need like would good nice more other another can could should whats list am im let us id
    only either both every everything nothing recommendation recommendations suggestion suggestions recs
    """
)


#: Further words that connect others, in titles as well; a noun is none of them.
_CONNECTING = STOP_WORDS | word_set(
    "not no without except like than under over before after since between per via non please"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query.

    Attributes
    ----------
    word
        The word, folded and without apostrophes.
    start, end
        Its place in the text.
    gap
        What stands between the word before and this one.
    is_quoted
        Whether it is a text in quotes rather than a word.
    """

    word: str
    start: int
    end: int
    gap: str
    is_quoted: bool = False

    @property
    def breaks(self) -> bool:
        """Whether a comma or another mark separates this word from the one before."""
        return _BREAK.search(self.gap) is not None

    @property
    def is_stop(self) -> bool:
        """Whether the word only connects others."""
        return self.word in _CONNECTING


def tokenise(text: str) -> tuple[Token, ...]:
    """The words of a text in their order; a text in quotes is one of them."""
    tokens: list[Token] = []
    end = 0
    for found in _TOKEN.finditer(text):
        word = _APOSTROPHES.sub("", fold(found[0]))
        tokens.append(Token(word, found.start(), found.end(), text[end : found.start()], found[0].startswith('"')))
        end = found.end()
    return tuple(tokens)


def join(text: str, tokens: Sequence[Token]) -> str:
    """The words as they stand in the text; words that are not neighbours there are joined by spaces."""
    parts: list[str] = []
    before: Token | None = None
    for token in tokens:
        if before is not None and text[before.end : token.start] == token.gap:
            gap = token.gap if not _BRACKETS.search(token.gap) else " "  # the other one of a pair may be lost
            parts[-1] += gap + text[token.start : token.end]
        else:
            parts.append(text[token.start : token.end])
        before = token
    return " ".join(parts)
