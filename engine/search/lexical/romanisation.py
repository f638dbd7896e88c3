"""Words that are one word of another script or language, romanised in different ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

#: Cyrillic letters of Russian, Ukrainian, Bulgarian and Serbian, without accents.
_LETTERS = "а б в г д е ж з и к л м н о п р с т у ф х ц ч ш щ ы э ю я і є ґ ђ ј љ њ ћ џ ў ъ ь"
_ROMANISED = "a b v g d e zh z i k l m n o p r s t u f kh ts ch sh shch y e yu ya i e g dj j lj nj c dz u"
_CYRILLIC = dict(zip_longest(_LETTERS.split(), _ROMANISED.split(), fillvalue=""))  # the last two are no sounds
_TO_LATIN = str.maketrans(_CYRILLIC)
_HAS_CYRILLIC = re.compile("[\u0400-\u04ff]")
#: Replacements that take the systems of romanisation to one spelling: Hepburn and Kunrei for Japanese, ae for the
#: German ä, and the English, the French and the German way with Russian. They are made one after the other.
_SAME = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"shch|schtsch|chtch", "sc"),
        (r"tsch|tch", "c"),
        (r"sch", "s"),
        (r"sy(?=[aou])|sh", "s"),
        (r"ty(?=[aou])|ch", "c"),
        (r"ti(?!o)", "ci"),
        (r"(?:zy|jy)(?=[aou])|zh|dz|dj|dsh", "j"),
        (r"zi", "ji"),
        (r"tsu|tzu", "tu"),
        (r"ts|tz", "c"),
        (r"hu", "fu"),
        (r"ph", "f"),
        (r"[kg]h", "h"),
        (r"th", "t"),
        (r"([ao])e", r"\1"),
        (r"ue", "u"),
        (r"o[uh](?![aeiou])|oo", "o"),
        (r"uu|uh(?![aeiou])", "u"),
        (r"wo", "o"),
        (r"w", "v"),
        (r"m(?=[bp])", "n"),
        (r"l[iy](?=[aou])", "l"),
        (r"y|ij|j(?=[aeou])|ii", "i"),
        (r"x", "ks"),
        (r"c(?=[aour]|k|\b)|q", "k"),
        (r"i+", "i"),
        (r"aa", "a"),
    )
)
_MOST_MATCHES = 6


def latin(word: str) -> str:
    """A word in Latin letters, if it was in Cyrillic; other words stay as they are.

    Examples
    --------
    >>> latin("солярис"), latin("heat")
    ('solyaris', 'heat')
    """
    return word.translate(_TO_LATIN) if _HAS_CYRILLIC.search(word) else word


def skeleton(text: str) -> str:
    """What romanised spellings of one word have in common; of several words with line breaks between them, each.

    Examples
    --------
    >>> skeleton("shounen") == skeleton("shonen") == skeleton("syônen".replace("ô", "o"))
    True
    >>> skeleton("koetsu") == skeleton("kotsu")
    True
    """
    text = latin(text)
    for pattern, spelling in _SAME:
        text = pattern.sub(spelling, text)
    return text


class RomanisedWords:
    """Finds the words of a catalogue that are another romanisation of a word.

    Parameters
    ----------
    words
        The folded words of the catalogue, the most frequent first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        usable = [word for word in words if _can_be_romanised(word)]
        self._words: dict[str, list[str]] = {}
        keys = skeleton("\n".join(usable)).split("\n") if usable else []
        for word, key in zip(usable, keys, strict=True):
            self._words.setdefault(key, []).append(word)

    def same(self, word: str) -> list[str]:
        """Other words that may be another romanisation of this one, the most frequent first."""
        if len(word) < 3 or not _can_be_romanised(word):
            return []
        return [one for one in self._words.get(skeleton(word), ()) if one != word][:_MOST_MATCHES]


def _can_be_romanised(word: str) -> bool:
    return word.isalpha() and (word.isascii() or _HAS_CYRILLIC.match(word) is not None)
