"""The remark that results may not be what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import abridged
from engine.search.understanding.languages import language_name

if TYPE_CHECKING:
    from engine.data.results import Answer
    from engine.search.request import Request

#: The best match below which an answer is doubtful, where words of the query are unknown and where all are known.
_DOUBTFUL_WITH_UNKNOWN, _DOUBTFUL = 0.3, 0.1


def doubt(answer: Answer, request: Request, unknown: Sequence[str], words: Sequence[str]) -> str:
    """A sentence that says why the results may not be what was asked for; empty if there is no doubt.

    Parameters
    ----------
    answer
        The answer to a query in words.
    request
        What the query asks for.
    unknown
        The words of the query that no item has.
    words
        The words of the query that count.
    """
    language = request.translation.language
    if language is not None and not request.translation.english:
        return f"The words are {language_name(language)}, which is not understood here; these are the nearest items."
    if not words and request.moods.genres:
        return ""
    if not words:
        return "The query has no words that could be searched for; these are the nearest in meaning."
    if len(unknown) >= len(words):
        which = "This word occurs nowhere" if len(words) == 1 else "None of these words occurs"
        shown = ", ".join(f"“{word}”" for word in unknown[:5])
        nearest = "; these are the nearest in meaning" if answer.results else ""
        return abridged(f"{which} in this catalogue: {shown}{nearest}.")
    best = max((result.score for result in answer.results), default=0.0)
    if unknown and best < _DOUBTFUL_WITH_UNKNOWN:
        shown = ", ".join(f"“{word}”" for word in unknown[:5])
        return abridged(f"Some of the words occur nowhere in this catalogue ({shown}); these are the nearest items.")
    if best < _DOUBTFUL:
        return "Nothing fits well: these are the nearest items."
    return ""
