"""Text without spaces between words, taken apart by the longest expressions that a vocabulary knows."""

from __future__ import annotations

from dataclasses import dataclass

from engine.search.understanding.lexicon import Entry, Lexicon


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, and its entry in the vocabulary; None if it is in none."""

    text: str
    entry: Entry | None

    @property
    def is_weak(self) -> bool:
        """Whether the piece is a single character with a meaning: within a name it means nothing."""
        return len(self.text) == 1 and self.entry is not None and self.entry.role != "function"


def segment(text: str, lexicon: Lexicon, spaced: bool = False) -> list[Piece]:
    """Take a folded text without spaces apart, from left to right, each time by the longest known expression.

    Parameters
    ----------
    text
        The folded text.
    lexicon
        The vocabulary.
    spaced
        Whether the language writes spaces between words, so that the text is a word with its particles, as in Korean:
        what is unknown then lasts to the end of the word.

    Returns
    -------
    list of Piece
        The pieces in order; together they are the text. A single character that a vocabulary knows is taken for a word
        unless an unknown piece is next to it: the first character of the name 犬夜叉 is no dog.
    """
    pieces: list[Piece] = []
    place = 0
    while place < len(text):
        found = _longest(text, place, lexicon)
        if found is None and spaced:
            found = Piece(text[place:], None)
        pieces.append(found or Piece(text[place], None))
        place += len(pieces[-1].text)
    return _without_parts_of_names(pieces)


def _longest(text: str, place: int, lexicon: Lexicon) -> Piece | None:
    for end in range(min(len(text), place + lexicon.longest_form), place, -1):
        entry = lexicon.entries.get(text[place:end])
        if entry is not None:
            return Piece(text[place:end], entry)
    return None


def _without_parts_of_names(pieces: list[Piece]) -> list[Piece]:
    """Join unknown pieces with each other and with the single characters next to them, as long as there are any."""
    while True:
        joined: list[Piece] = []
        for piece in pieces:
            before = joined[-1] if joined else None
            unknown = before is not None and (before.entry is None or piece.entry is None)
            if before is not None and unknown and all(one.entry is None or one.is_weak for one in (before, piece)):
                joined[-1] = Piece(before.text + piece.text, None)
            else:
                joined.append(piece)
        if len(joined) == len(pieces):
            return joined
        pieces = joined
