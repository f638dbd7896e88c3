"""Words that are a letter or two away from a misspelt one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_NUM_BITS = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)


class SpellingIndex:
    """Finds the words nearest to another one.

    An edit changes the set of a word's letters by two at most. So most words are passed over by comparing sets of
    letters, 32 bits each, before edits are counted.

    Parameters
    ----------
    words
        Words without empty ones among them.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = sorted(words, key=len)
        self._letters, self._lengths = _letters(self._words)

    def near(self, word: str, most: int) -> list[tuple[str, int]]:
        """Words at most so many edits away and how many; a letter swapped with the next is one. Not the word itself."""
        from rapidfuzz.distance import OSA

        start, end = np.searchsorted(self._lengths, [len(word) - most, len(word) + most + 1]).tolist()
        if start == end:
            return []
        halves = (self._letters[start:end] ^ _letters([word])[0]).view(np.uint16)
        close = _NUM_BITS[halves[::2]] + _NUM_BITS[halves[1::2]] <= 2 * most
        found = []
        for place in np.flatnonzero(close).tolist():
            distance = OSA.distance(word, self._words[start + place], score_cutoff=most)
            if 0 < distance <= most:
                found.append((self._words[start + place], int(distance)))
        return found


def _letters(words: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The set of each word's letters, modulo 32, and its length."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    letters = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    bits = np.left_shift(np.uint32(1), letters % 32, dtype=np.uint32)
    starts = np.cumsum(lengths) - lengths
    return (np.bitwise_or.reduceat(bits, starts) if len(words) else bits), lengths
