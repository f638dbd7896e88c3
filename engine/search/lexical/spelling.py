"""Lookup of the words within a small edit distance of a misspelt word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_NUM_BITS = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)


class SpellingIndex:
    """Finds the words within a given edit distance of another word.

    One edit changes the set of a word's letters by at most two. Most words are therefore ruled out by comparing sets of
    letters, 32 bits each, before edit distances are computed.

    Parameters
    ----------
    words
        The words to search; none may be empty.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = sorted(words, key=len)
        self._letters, self._lengths = _letters(self._words)

    def similar(self, word: str, max_edits: int) -> list[tuple[str, int]]:
        """The other words within a number of edits, and their distances; swapping two adjacent letters is one edit."""
        from rapidfuzz.distance import OSA

        start, end = np.searchsorted(self._lengths, [len(word) - max_edits, len(word) + max_edits + 1]).tolist()
        if start == end:
            return []
        halves = (self._letters[start:end] ^ _letters([word])[0]).view(np.uint16)
        close = _NUM_BITS[halves[::2]] + _NUM_BITS[halves[1::2]] <= 2 * max_edits
        found = []
        for place in np.flatnonzero(close).tolist():
            distance = OSA.distance(word, self._words[start + place], score_cutoff=max_edits)
            if 0 < distance <= max_edits:
                found.append((self._words[start + place], int(distance)))
        return found


def _letters(words: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The set of letters of each word as 32 bits (code point modulo 32), and the length of each word."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    letters = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    bits = np.left_shift(np.uint32(1), letters % 32, dtype=np.uint32)
    starts = np.cumsum(lengths) - lengths
    return (np.bitwise_or.reduceat(bits, starts) if len(words) else bits), lengths
