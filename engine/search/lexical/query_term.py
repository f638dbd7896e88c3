"""A word of a query, and the words of a catalogue that it matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A word of a query and the words of the catalogue that it matches.

    Attributes
    ----------
    typed
        The word as it was typed, folded.
    matches
        Words of the catalogue and their weights: 1 for the typed word itself, and less for other spellings of a
        numeral, for longer words with this prefix and for spelling corrections.
    phrases
        Phrases that mean the same; an item matches one of them if it has all of its words.
    correction
        The word that is most likely meant, if the typed word is misspelt; otherwise empty.
    """

    typed: str
    matches: Mapping[str, float] = field(default_factory=dict)
    phrases: tuple[tuple[str, ...], ...] = ()
    correction: str = ""
