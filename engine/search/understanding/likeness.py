"""An item moved by words: ``like Alien but funny``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.search.understanding.tokens import Token, join, word_set
from engine.search.understanding.words import Words

_LIKE = (
    *("similar to", "in the style of", "in the vein of", "in the spirit of", "along the lines of", "reminiscent of"),
    *("comparable to", "if you liked", "if you like", "if you loved", "if you enjoyed", "if i liked", "if i loved"),
    *("for fans of", "for people who liked", "for people who loved", "for people who like", "like"),
)
_SOME = ("something", "anything", "stuff", "things", "more", "some", "one", "a")
_BETWEEN = frozenset(("that", "which", "are", "is", "other", "good", "just", "really", "much", "very", "a", "lot"))
#: Words that may follow the title.
_GOING_ON = word_set(
    """
    but and with without from in on for only except set before after since more less not no that which where
    about as by or under over minus plus made
    """
)
_LONGEST_TITLE = 12


def match_likeness(
    text: str, words: Words, is_title: Callable[[str], bool], is_title_alone: Callable[[str], bool]
) -> tuple[int, int, int, int] | None:
    """The places of the words that ask for items like another one.

    Parameters
    ----------
    text
        The query.
    words
        Its words.
    is_title
        Whether an item has a title.
    is_title_alone
        Whether words are understood as a title without a "like" before them: "Jaws but in space".

    Returns
    -------
    tuple or None
        The first word of the request, the first word of the title, the word behind the title, and the word behind the
        request, which may have a "but" after the title; None if there is no request or no such title.
    """
    for place in range(len(words)):
        title = words.after(place, _LIKE)
        if title is None or title >= len(words):
            continue
        start = _start(words, place)
        if start is None:
            continue
        end = _title_end(text, words, title, is_title)
        if end is not None:
            return start, title, end, words.after(end, ("but", "only")) or end
    end = _title_end(text, words, 0, is_title_alone, followed_by=("but",))
    return None if end is None else (0, 0, end, end + 1)


def _start(words: Words, place: int) -> int | None:
    """The first word of the request: "like" follows nothing, a noun for items, or "something"."""
    start = place
    while words[start - 1] in _BETWEEN:
        start -= 1
    if start == 0 or words.breaks(start) or words.is_head(start - 1):
        return start
    if words[start - 1] in _SOME:
        return start - 1
    return None


def _title_end(
    text: str, words: Words, start: int, is_title: Callable[[str], bool], followed_by: tuple[str, ...] = ()
) -> int | None:
    """The word behind the longest title that begins at a word and is followed by nothing or a connecting word."""
    tokens = words.tokens
    for end in range(min(len(tokens), start + _LONGEST_TITLE), start, -1):
        goes_on = end < len(tokens)
        following = tokens[end].word if goes_on else ""
        if followed_by and following not in followed_by:
            continue
        if goes_on and not followed_by and not tokens[end].breaks and following not in _GOING_ON:
            continue
        if is_title(_bare(text, tokens[start:end])):
            return end
    return None


def _bare(text: str, tokens: Sequence[Token]) -> str:
    return join(text, tokens).strip('"')
