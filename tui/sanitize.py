"""Sanitizing text, so that a terminal shows it and never obeys it: the one table of characters that are replaced.

:func:`sanitize` is for text that is printed or typed, and :func:`escape_json` for JSON. What the app draws passes
:class:`tui.widgets.line_filter.LineSanitizer` as well, whatever widget drew it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

#: What stands for a character that a terminal would act upon.
STAND_IN = "\ufffd"
#: Characters that begin a new line or move the cursor along it.
_SPACING = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
#: Characters that turn the order of their neighbours around: text could pretend to be other text.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Format characters that are drawn (signs before Arabic and other numbers), or that join what belongs together (emoji
#: families, letters of Persian and of Indic scripts).
_KEPT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u200c\u200d\U000110bd\U000110cd")
#: Marks above, below and on letters of Latin, Greek and Cyrillic, and marks of Hebrew, Arabic, Thai and Lao.
_LATIN_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_OTHER_MARKS = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    "\u06ea-\u06ed\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd"
)
# Compiled when they are first needed: most screens have no such letter, and the first one must not wait.
_STACKED_MARKS = f"[{_LATIN_MARKS}{_OTHER_MARKS}]{{3,}}"
_LATIN_MARK = f"[{_LATIN_MARKS}]"
#: So many marks on one letter stay; more would climb into the lines above.
_MOST_LATIN_MARKS, _MOST_OTHER_MARKS = 2, 4
#: So many characters are remembered at most; a catalogue has a few hundred.
_MOST_REMEMBERED = 10_000


def is_obeyed(character: str) -> bool:
    """Whether a terminal could act upon a character, or draw nothing or something else for it.

    These are control characters, surrogates, separators of lines and paragraphs, format characters except those that
    are drawn or that join letters, and characters that are assigned to nothing or to a private use.
    """
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co") and character not in _KEPT


def _replacement(character: str) -> str:
    if not is_obeyed(character):
        return character
    if character in _SPACING:
        return " "
    # What is invisible is left out. What a terminal obeys, or what is there to deceive, is shown.
    invisible = unicodedata.category(character) == "Cf" and character not in _DIRECTIONS
    return "" if invisible else STAND_IN


class CharacterTable(dict[int, str]):
    """A table for ``str.translate``, which fills itself with the characters that occur.

    Parameters
    ----------
    replacement
        What stands for a character.
    """

    def __init__(self, replacement: Callable[[str], str]) -> None:
        super().__init__()
        self._replacement = replacement

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[code] = self._replacement(chr(code))
        return found


_TABLE = CharacterTable(_replacement)


def sanitize(text: object) -> str:
    r"""One line of text without any character that a terminal would act upon.

    Line breaks and tabs become spaces. Other control characters, and those that change the direction of text, become
    ``\ufffd``. Characters that are never drawn, such as soft hyphens and tags, are left out, except for joiners. Of
    many marks on one letter the first ones stay.

    Examples
    --------
    >>> sanitize("a\nb\x1b[31m")
    'a b�[31m'
    """
    value = str(text)
    if not value.isprintable():
        value = value.translate(_TABLE)
    return value if value.isascii() else re.sub(_STACKED_MARKS, _first_marks, value)


def _first_marks(found: re.Match[str]) -> str:
    return found[0][: _MOST_LATIN_MARKS if re.match(_LATIN_MARK, found[0]) else _MOST_OTHER_MARKS]


def escape_json(text: str) -> str:
    r"""One line of JSON in which the characters that a terminal would act upon are written as ``\uXXXX``.

    The document means the same to every program that reads it.

    Examples
    --------
    >>> escape_json('"\u202e"')
    '"\\u202e"'
    """
    return text if text.isprintable() else text.translate(_JSON_TABLE)


def _json_escape(character: str) -> str:
    from json import dumps  # here, since the app writes no JSON

    return dumps(character)[1:-1] if is_obeyed(character) else character


_JSON_TABLE = CharacterTable(_json_escape)
