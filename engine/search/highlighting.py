"""The places in a text where the words of a query stand."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from engine.text.normalize import words

#: A word with its apostrophes, accents that are characters of their own, and HTML entities; or an ideograph or a kana,
#: each of which is a word.
_IDEOGRAPH = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    f"[{_IDEOGRAPH}]|(?:&#?\\w+;|[^\\W_{_IDEOGRAPH}]|[\u0300-\u036f]|(?<=\\w)['\u2018\u2019\u02bc]+(?=\\w))+|&"
)
_CHARACTER = re.compile(r"&#?\w+;|.[\u0300-\u036f]*", re.DOTALL)


def spans(text: str, matched: Collection[str], unfinished: str = "") -> list[tuple[int, int]]:
    """Find the matched words in a text as it is shown.

    Parameters
    ----------
    text
        A title or a description.
    matched
        The folded words of an item that a search matched; see :class:`engine.data.results.Result`.
    unfinished
        The last word of the query, which may be half typed. Of a longer word that begins with it, this part is marked.

    Returns
    -------
    list of (start, end)
        Parts of ``text``, in ascending order; they do not overlap.

    Examples
    --------
    >>> spans("Amélie's café", {"cafe"}), spans("Bank robbers", {"bank", "robbers"}, "rob")
    ([(9, 13)], [(0, 4), (5, 8)])
    """
    if not matched:
        return []
    wanted, beginning = set(matched), "".join(words(unfinished)[-1:])
    found: list[tuple[int, int]] = []
    tokens = list(_tokens(text))
    for folded, start, end in tokens:
        if folded in wanted:
            found.append((start, start + _typed_length(text[start:end], folded, beginning)))
    # A query may write as one word what the text writes as two; two ideographs are matched in the same way.
    for (first, start, middle), (second, rest, end) in pairwise(tokens):
        if rest - middle <= 1 and first + second in wanted:
            found.append((start, end))
    return _merged(sorted(found))


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word of a text, folded, with its start and end."""
    for token in _TOKEN.finditer(text):
        folded = words(html.unescape(token[0]))
        if len(folded) == 1:
            yield folded[0], token.start(), token.end()
        elif folded:  # an entity that separates words stands in the token
            yield from _split(token[0], token.start())


def _split(token: str, offset: int) -> Iterator[tuple[str, int, int]]:
    """The words of a token that holds several; a word ends where the next character would begin another one."""
    start = end = 0
    for character in _CHARACTER.finditer(token):
        plain = html.unescape(character[0])
        if any(one.isalnum() for one in plain):
            end = character.end()
            continue
        if end > start:
            yield "".join(words(html.unescape(token[start:end]))), offset + start, offset + end
        start = end = character.end()
    if end > start:
        yield "".join(words(html.unescape(token[start:end]))), offset + start, offset + end


def _typed_length(token: str, folded: str, beginning: str) -> int:
    """How many characters of a token the beginning of its word takes; all, if the word does not go on beyond it."""
    if not beginning or folded == beginning or not folded.startswith(beginning):
        return len(token)
    for character in _CHARACTER.finditer(token):
        if len("".join(words(html.unescape(token[: character.end()])))) >= len(beginning):
            return character.end()
    return len(token)


def _merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
