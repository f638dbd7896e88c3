"""The remark that results may not be what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.errors import abridged
from engine.search.understanding.languages import language_name
from engine.search.understanding.lexicon import lexicon

if TYPE_CHECKING:
    from engine.data.results import Answer, Understood
    from engine.search.request import Request
    from engine.search.understanding.languages import Translation

#: The best match below which an answer is doubtful, where words of the query are unknown and where all are known. On
#: the tuning part 85 % of absent subjects are remarked, and 4 % of the queries that found what was meant.
_DOUBTFUL_WITH_UNKNOWN, _DOUBTFUL = 0.2, 0.05
#: The same where no item meets the conditions that were understood: a better match is mostly a title with their words.
_DOUBTFUL_WITH_UNMET = 0.7


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
    translation = request.translation
    by_meaning_as_typed = request.any_language and answer.method == "hybrid"
    best = max((result.score for result in answer.results), default=0.0)
    has_words_as_typed = bool(words) and not unknown  # of a title in the original language: "올드보이"
    is_read = translation.english or by_meaning_as_typed or has_words_as_typed
    if translation.language is not None and not is_read:
        shown = "; these are the nearest items" if answer.results else ""
        if translation.untranslated and lexicon(translation.language) is not None:
            return abridged(f"{_untranslated(translation, translation.language)}{shown}.")
        if translation.untranslated:
            return f"The words are {language_name(translation.language)}, which is not understood here{shown}."
    if request.unmet and best < _DOUBTFUL_WITH_UNMET:
        nearest = "; these are the nearest items to the words" if answer.results else ""
        return _unmet(request.unmet, nearest)
    nearest = "; these are the nearest in meaning" if answer.results and answer.method == "hybrid" else ""
    if not words and request.moods.genres:
        return ""
    if not words:
        return f"The query has no words that could be searched for{nearest}."
    if len(unknown) >= len(words):
        which = "This word is in none" if len(words) == 1 else "None of these words is in any"
        shown = ", ".join(f"“{word}”" for word in unknown[:5])
        return abridged(f"{which} of the texts that are searched here: {shown}{nearest}.")
    left_out = () if by_meaning_as_typed or len(request.wordings) > 1 else translation.untranslated
    if not translation.english and has_words_as_typed:
        left_out = ()
    if translation.language is not None and left_out:
        return abridged(f"{_untranslated(translation, translation.language)}.")
    if unknown and best < _DOUBTFUL_WITH_UNKNOWN:
        shown = ", ".join(f"“{word}”" for word in unknown[:5])
        listed = "; these are the nearest items" if answer.results else ""
        return abridged(f"Some of the words are in no text that is searched ({shown}){listed}.")
    if best < _DOUBTFUL:
        return "Nothing fits well: these are the nearest items." if answer.results else "Nothing fits."
    return ""


def doubt_of_conditions(answer: Answer, request: Request) -> str:
    """A sentence about what conditions alone could not say or have not found; empty if there is no doubt."""
    if not answer.results and request.understood:
        return _unmet(request.understood)
    translation = request.translation
    if translation.language is None or not translation.untranslated:
        return ""
    return abridged(f"{_untranslated(translation, translation.language)}.")


def _unmet(conditions: Sequence[Understood], nearest: str = "") -> str:
    shown = ", ".join(f"“{one.typed}” ({one.label})" for one in conditions)
    return abridged(f"No item meets all of this: {shown}{nearest}.")


def _untranslated(translation: Translation, language: str) -> str:
    words = translation.untranslated
    shown = ", ".join(f"“{word}”" for word in words[:5])
    named = f"{language_name(language)} {'word' if len(words) == 1 else 'words'} {shown}"
    return f"Left out, as there is no translation for them here: the {named}"


def doubt_of_exclusions(subjects: Sequence[str], unknown_words: Callable[[str], Sequence[str]]) -> str:
    """A sentence that says that excluding a subject left out nothing, since no text has its words; empty otherwise.

    Parameters
    ----------
    subjects
        What results should not be about.
    unknown_words
        The words of a subject that no item has.
    """
    unnamed = [f"“{one}”" for one in subjects if unknown_words(one)]
    them = "it" if len(unnamed) == 1 else "them"
    return abridged(f"No item names {', '.join(unnamed)}, so nothing is left out for {them}.") if unnamed else ""


def doubt_of_language(translation: Translation) -> str:
    """A sentence that says that the embedding model does not know the language of a query; empty for English.

    Parameters
    ----------
    translation
        The language of the query, which was searched for by its meaning alone.
    """
    if translation.language is None:
        return ""
    return (
        f"The words are {language_name(translation.language)}, which the embedding model does not know; "
        "these are the nearest items."
    )
