"""Which items continue another one, by their titles: "no sequels" leaves them out.

Catalogues seldom say what continues what. Titles do: by a number ("Rocky II", "Haikyuu!! Second Season"), or by the
title of an earlier item with more behind it ("Alien: Covenant", "Star Trek Beyond").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.search.filters.columns import NumberField
from engine.search.lexical.stop_words import STOP_WORDS
from engine.search.lexical.variants import with_numbers
from engine.text.normalize import split_year, words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

#: What people call items that continue others.
_NAMES = frozenset(("sequel", "sequels", "followup", "followups", "follow up", "follow ups", "franchise", "franchises"))
_SUBTITLE = re.compile(r":|\s[-\N{EN DASH}\N{EM DASH}]\s")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_LATER = r"(?:[2-9]|1[0-9]|two|three|four|five|six|seven|eight|nine|ten)"
_ORDINAL = r"(?:2nd|3rd|[4-9]th|1[0-9]th|second|third|fourth|fifth|final)"
#: The folded words that number an item: "part 2", "2nd season", or a number at the end of the words before a subtitle.
_NUMBERED = re.compile(
    rf"(?:^|\s)(?:part|chapter|volume|vol|episode|season|movie) {_LATER}(?:\s|$)|\s{_ORDINAL} (?:season|part|chapter)\b"
)
_NUMBER_AT_END = re.compile(r".*\D\s(?P<number>[2-9]|1[0-9])")
_AGAIN = re.compile(
    r"\s(?:returns|reloaded|resurrection|strikes back|strikes again|rides again|reborn|forever)(?:\s|$)"
)


def names_sequels(subject: str) -> bool:
    """Whether a subject that is excluded is what continues others.

    Examples
    --------
    >>> names_sequels("sequels"), names_sequels("zombies")
    (True, False)
    """
    return " ".join(words(subject)) in _NAMES


class Sequels:
    """Knows the items of a catalogue that continue others.

    Parameters
    ----------
    fields
        The fields of the catalogue.

    Attributes
    ----------
    mask
        Whether each item continues another one, shape (num_items,).
    """

    def __init__(self, fields: Fields) -> None:
        titles = [_IN_BRACKETS.sub("", split_year(title or "")[0]) for title in fields.titles()]
        self._years = self._years_of(fields)
        keys = [" ".join(words(title)) for title in titles]
        self._whole = frozenset(keys)
        self._earliest: dict[str, float] = {}
        for row, (title, key) in enumerate(zip(titles, keys, strict=True)):
            # A name of several words before a subtitle counts as a title: "Star Trek: The Motion Picture".
            name = " ".join(words(_SUBTITLE.split(title)[0]))
            for one in {key, name} if " " in name else {key}:
                self._earliest[one] = min(self._earliest.get(one, np.inf), float(self._years[row]))
        self.mask: npt.NDArray[np.bool_] = np.fromiter(
            (
                self._is_sequel(title, key, float(self._years[row]))
                for row, (title, key) in enumerate(zip(titles, keys, strict=True))
            ),
            dtype=np.bool_,
            count=len(titles),
        )

    @staticmethod
    def _years_of(fields: Fields) -> npt.NDArray[np.float64]:
        year = fields["year"] if "year" in fields.names else None
        if not isinstance(year, NumberField):
            return np.zeros(fields.num_items)
        return np.nan_to_num(np.asarray(year.numbers, dtype=np.float64))

    def _is_sequel(self, title: str, key: str, year: float) -> bool:
        if _NUMBERED.search(with_numbers(key)):
            return True
        name, *subtitles = _SUBTITLE.split(title)
        name_key = " ".join(words(name))
        if numbered := _NUMBER_AT_END.fullmatch(with_numbers(name_key)):
            stem = name_key.rsplit(" ", 1)[0]
            # "Apollo 13" continues no Apollo, but "Rocky IV" a Rocky; a low number tells by itself.
            return int(numbered["number"]) <= 3 or self._is_earlier(stem, year)
        if subtitles and self._is_earlier(name_key, year):
            return True
        if " " not in key and key.endswith("s") and self._is_earlier(key[:-1], year):
            return True  # "Aliens"
        if (again := _AGAIN.search(key)) is not None and self._is_earlier(key[: again.start()], year):
            return True
        typed = key.split(" ")
        return any(self._goes_on(typed[:end], typed[end], year) for end in range(2, len(typed)))

    def _goes_on(self, before: list[str], word: str, year: float) -> bool:
        """Whether words are the title of an earlier item, of which a further word makes another: "star trek beyond".

        "The Lion King" goes on with no "The Lion", nor "Snow White and the Huntsman" with "Snow White".
        """
        says_much = sum(one not in STOP_WORDS for one in before) > 1
        return says_much and word not in STOP_WORDS and self._is_earlier(" ".join(before), year)

    def _is_earlier(self, key: str, year: float) -> bool:
        """Whether an item of an earlier year, or without years any other item, has this title."""
        earliest = self._earliest.get(key)
        if not key or earliest is None:
            return False
        without_years = not year and not earliest
        return earliest < year or (without_years and key in self._whole)
