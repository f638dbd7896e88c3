"""Sanitizing text from data, so that a terminal shows it and never obeys it."""

from __future__ import annotations

import unicodedata

#: Characters that would act on the terminal or on the order of their neighbours: control and format characters
#: (escape, newline, bidirectional overrides, zero-width), surrogates, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: Format characters that only join what belongs together (emoji families, Indic and Persian letters).
_JOINERS = frozenset("\u200c\u200d")


def sanitize(text: object) -> str:
    r"""One line of text without any character that a terminal would act upon.

    Line breaks and tabs become spaces, other control and format characters ``\ufffd``; joiners stay.

    Examples
    --------
    >>> sanitize("a\nb\x1b[31m")
    'a b�[31m'
    """
    value = str(text)
    if value.isascii() and value.isprintable():
        return value
    return "".join(_sanitize_character(character) for character in value)


def _sanitize_character(character: str) -> str:
    if character in "\n\r\t\v\f\u2028\u2029\x85":
        return " "
    if character in _JOINERS or unicodedata.category(character) not in _UNSAFE:
        return character
    return "\ufffd"
