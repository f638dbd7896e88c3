"""The script in which a text is written, and the language that the script tells."""

from __future__ import annotations

import re

_IDEOGRAPHS = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
#: Letters of one language among the many that share a script, and then the script itself: the first match counts.
_SCRIPTS = tuple(
    (code, re.compile(f"[{letters}]"))
    for code, letters in (
        ("ja", _KANA),
        ("ko", _HANGUL),
        ("zh", _IDEOGRAPHS),
        ("uk", "\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491"),
        ("ru", "\u0400-\u04ff"),
        ("fa", "\u067e\u0686\u0698\u06a9\u06af\u06cc"),
        ("ar", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc"),
        ("he", "\u0590-\u05ff"),
        ("el", "\u0370-\u03ff\u1f00-\u1fff"),
        ("th", "\u0e00-\u0e7f"),
        ("hi", "\u0900-\u097f"),
        ("bn", "\u0980-\u09ff"),
        ("pa", "\u0a00-\u0a7f"),
        ("gu", "\u0a80-\u0aff"),
        ("ta", "\u0b80-\u0bff"),
        ("te", "\u0c00-\u0c7f"),
        ("kn", "\u0c80-\u0cff"),
        ("ml", "\u0d00-\u0d7f"),
        ("si", "\u0d80-\u0dff"),
        ("km", "\u1780-\u17ff"),
        ("lo", "\u0e80-\u0eff"),
        ("my", "\u1000-\u109f"),
        ("ka", "\u10a0-\u10ff"),
        ("hy", "\u0530-\u058f"),
        ("am", "\u1200-\u137f"),
    )
)
#: Runs of characters that are written without spaces between words, and other words.
UNSPACED = re.compile(f"[{_IDEOGRAPHS}{_KANA}]+")
WORD = re.compile(f"[{_IDEOGRAPHS}{_KANA}]+|[^\\W_{_IDEOGRAPHS}{_KANA}]+")


def language_by_script(text: str) -> str | None:
    """The language that the script of a text tells, as a code of ISO 639-1; None if most of it is Latin.

    A script that many languages share gives the one with the most speakers, unless letters of another are in the text.
    Ideographs without kana give Chinese.

    Examples
    --------
    >>> language_by_script("時をかける少女"), language_by_script("про вампиров"), language_by_script("vampires")
    ('ja', 'ru', None)
    """
    if text.isascii():
        return None
    latin = len(_LATIN.findall(text))
    for code, letters in _SCRIPTS:
        count = len(letters.findall(text))
        if count and code in ("uk", "fa"):
            count = sum(character.isalpha() for character in text) - latin
        if count and count * 2 >= latin:
            return code
    return None
