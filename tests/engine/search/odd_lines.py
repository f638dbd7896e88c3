"""Query lines that people type, and ways to spoil them: every seed gives the same line.

The quick test and ``benchmarks/reliability/mutated_queries.py`` are made from this.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from engine.errors import LONGEST_SENTENCE, OptionError
from engine.session import Session

_LINES = (
    "a heist that goes wrong",
    "heist genre:crime year:1990..1999",
    "-genre:horror year:>=2010 space",
    'title:"the one" country:France,Italy',
    "rating:>=8 interactions:10 kind:film",
    "Re:Zero",
    "year:1979 -title:alien monster",
    'genre:"Science Fiction" about:zone',
    "spider man",
    "日本 amélie",
    "year:",
    "genre:comedy,romance,-drama",
)
_PIECES = (
    *('"', "'", ":", ":", "-", "--", ",", ",,", "..", "...", ">=", "<", "=", "!", "*", "?", "(", ")", "[", "]", "\\"),
    *(" ", "  ", "\t", "\n", "\r", "\0", "\x1b[31m", "\x1b]52;c;YQ==\x07", "\u202e", "\u200b", "\ufeff", "\ud800"),
    *("genre:", "year:", "title:", "-year:", "rating:", "interactions:", "text:", "no_such:", "genre:genre:"),
    *("year:>=year:", "9" * 30, "1e400", "-1", "nan", "inf", "0x10", "٣", "½", "²", "1990..", "..1990", "2020..1990"),
    *("1990...1999", "0", "x" * 2000, "ß", "İ", "ǆ", "e\u0301" * 50, "😀", "Z\u0335\u0321" * 100, "[bold]", "{0}%s"),
    *("the " * 200, "AND", "OR", "NOT", "\u2028"),
)


def _insert(line: str, chance: random.Random) -> str:
    at = chance.randrange(len(line) + 1)
    return line[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 2, 20)) + line[at:]


def _remove(line: str, chance: random.Random) -> str:
    at = chance.randrange(len(line) + 1)
    return line[:at] + line[at + chance.choice((1, 2, 5, 20)) :]


def _shuffle(line: str, chance: random.Random) -> str:
    separator = chance.choice((" ", ":", '"', ""))
    parts = line.split(separator) if separator else list(line)
    chance.shuffle(parts)
    return separator.join(parts)


def _swap(line: str, chance: random.Random) -> str:
    return line.replace(chance.choice((" ", ":", ",", '"', ".", "e")), chance.choice(_PIECES))


def _join(line: str, chance: random.Random) -> str:
    return line + chance.choice(("", " ", ":", ",", '"')) + chance.choice(_LINES)


def _letter(line: str, chance: random.Random) -> str:
    at = chance.randrange(len(line) + 1)
    letter = chr(chance.randrange(chance.choice((0x7F, 0x2FFF, 0x110000))))
    return line[:at] + letter + line[at + 1 :]


_CHANGES: tuple[Callable[[str, random.Random], str], ...] = (
    *(_insert, _insert, _insert, _remove, _shuffle, _swap, _join, _letter),
)


def odd_line(seed: int) -> str:
    """The query line of a seed."""
    chance = random.Random(seed)
    line = chance.choice(_LINES)
    for _ in range(chance.choice((0, 1, 1, 2, 4, 10))):
        line = chance.choice(_CHANGES)(line, chance)
    return line


def search_for(session: Session, line: str, mode: str) -> bool:
    """Do with a line all that the search does; whether it was answered rather than refused.

    Raises
    ------
    AssertionError
        If a sentence is too long or has several lines, or a span does not lie in the line.
    """
    search = session.search
    parsed = search.parse_query(line)
    for problem in parsed.problems:
        _require_sentence(problem.message)
        assert 0 <= problem.start <= problem.end <= len(line), problem
    for cursor in {0, len(line) // 2, len(line)}:
        search.complete_filter(line, cursor)
    answer = search.search(parsed, 5, mode)  # what is wrong with the line is passed over
    for result in answer.results:
        assert result.score == result.score, "no number"
    _require_sentence(answer.why_empty or ".")
    _require_sentence(answer.note or ".")
    try:
        search.search(line, 5, mode)
    except OptionError as error:
        _require_sentence(str(error))
        return False
    return True


def _require_sentence(sentence: str) -> None:
    assert len(sentence) <= LONGEST_SENTENCE, sentence
    assert len(sentence.splitlines()) <= 1, sentence
