"""Words that are spelt as they are meant: one that a catalogue does not have need not be a misspelt other one."""

from __future__ import annotations

from functools import cache

from engine.search.encoder.model_files import packaged

#: Shorter words of the vocabulary are beginnings of others as often as words.
_SHORTEST = 4


def is_real_word(word: str) -> bool:
    """Whether a folded word is a frequent word of English, or a name that is frequent in English texts.

    "Spirited" is one, so a catalogue without that word does not turn it into "spirits". The words are those of the
    vocabulary that the packaged embedding model reads (Devlin et al., 2019, section 3: WordPiece), which lists frequent
    words whole and hardly any misspelt one. Without the package no word is known to be real.
    """
    return len(word) >= _SHORTEST and word in _real_words()


@cache
def _real_words() -> frozenset[str]:
    folder = packaged()
    try:
        lines = [] if folder is None else (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):  # the model's own files say so where the model is used
        return frozenset()
    return frozenset(word for word in lines if word.isascii() and word.isalpha() and len(word) >= _SHORTEST)
