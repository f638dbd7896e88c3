"""Queries in other languages: which language a query is in, and the English words for its subjects.

The bundled sentence model knows English only, and most catalogues are described in English. The vocabularies of
:mod:`engine.search.understanding.lexicon` translate what people search for, word by word; they are no translator.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.search.lexical.real_words import is_real_word
from engine.search.understanding.lexicon import (
    EXCLUSIONS,
    Entry,
    Lexicon,
    Match,
    Role,
    foreign_titles,
    lexicon,
    lexicons,
)
from engine.search.understanding.scripts import UNSPACED, WORD, language_by_script
from engine.search.understanding.segmentation import segment
from engine.search.understanding.word_order import Word, told
from engine.text.normalize import fold

#: The languages in Latin script that have a vocabulary; the earlier is preferred where two are as likely.
_LATIN = ("es", "fr", "de", "it", "pt", "nl", "pl", "tr", "sv")
_NAMES = {
    "uk": "Ukrainian", "fa": "Persian", "ar": "Arabic", "he": "Hebrew", "el": "Greek", "th": "Thai", "hi": "Hindi",
    "bn": "Bengali", "pa": "Punjabi", "gu": "Gujarati", "ta": "Tamil", "te": "Telugu", "kn": "Kannada",
    "ml": "Malayalam", "si": "Sinhala", "km": "Khmer", "lo": "Lao", "my": "Burmese", "ka": "Georgian",
    "hy": "Armenian", "am": "Amharic",
}  # fmt: skip
#: How much a match speaks for a language. A word of a title, or one that is English too, says little.
_EXPRESSION, _SUBJECT, _TITLE_WORD, _FILM, _FUNCTION, _SHARED, _LETTER = 2.0, 1.0, 0.5, 0.75, 0.5, 0.1, 0.2
#: The same of a word that is no English one and excludes something.
_EXCLUSION = 1.6
#: What is added for a word whose accents are as the language writes them, and for one with other accents or endings.
_ACCENTS, _OTHER_ACCENTS, _INFLECTED = 0.1, -0.2, -0.15
#: How much a word speaks against a language that does not know it.
_ENGLISH_FUNCTION, _ENGLISH, _KNOWN, _UNKNOWN = -1.0, -0.6, -0.3, -0.15
#: The evidence that is enough. More is asked of what may be a title: a query all of whose subjects occur in titles, and
#: one that begins with an article.
_ENOUGH, _ENOUGH_OF_KNOWN, _ENOUGH_AFTER_ARTICLE = 0.8, 1.5, 2.25
#: The number of words by which the language is decided, and the number of characters that are read at all.
_DECIDING, _LONGEST = 24, 2000
_MARK = re.compile("[,;:!?()，、；：]")
_YEAR = re.compile("(?:1[89]|20)[0-9]{2}")
#: The languages in which a name gets an "s" for what is of somebody.
_GENITIVES = frozenset({"de", "nl", "sv"})
_SHORTEST_NAME = 3
#: The roles of words that are no subject.
_CONNECTING = ("function", "connector", "measure", "conjunction", "negation", "origin", "postposed")


@dataclass(frozen=True, slots=True)
class Translation:
    """The language of a query, and what its words are in English.

    Attributes
    ----------
    language
        The language by its code of ISO 639-1; None for English, for titles, and where it is undecided.
    english
        The English words to search for, in the order of the query. Words for "film" are left out, since they say
        nothing about a subject. A word of no vocabulary is kept if it is English, a name that English texts have, or a
        word of the catalogue's titles.
    words
        The words or expressions as typed, each with its English.
    ordered
        The same with their roles, in the order of the query.
    untranslated
        Words that are in no vocabulary, as typed.
    """

    language: str | None = None
    english: str = ""
    words: tuple[tuple[str, str], ...] = ()
    ordered: tuple[Word, ...] = ()
    untranslated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    typed: str
    folded: str
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word or an expression as typed, with its entries in a vocabulary, and whether a mark stands before it."""

    typed: str
    entries: tuple[Entry, ...] = ()
    breaks: bool = False

    @property
    def role(self) -> Role | None:
        """The role of the first entry; None for a word that is in no vocabulary."""
        return self.entries[0].role if self.entries else None


def language_name(code: str) -> str:
    """The English name of a language, by its code of ISO 639-1; the code itself if the name is not known here.

    Examples
    --------
    >>> language_name("es"), language_name("th")
    ('Spanish', 'Thai')
    """
    found = lexicon(code) if code.isalpha() and len(code) == 2 else None
    return found.name if found is not None else _NAMES.get(code, code)


def read_language(
    text: str, is_known: Callable[[str], bool], is_common: Callable[[str], bool] = lambda _: False
) -> Translation:
    """Recognise the language of a query, and translate its words.

    A query counts as one in another language only if its words speak clearly for it and not for English. Titles that
    are well known under their original name stay titles.

    Parameters
    ----------
    text
        The query, of which the first 2,000 characters are read.
    is_known
        Whether a folded word occurs in a title of the catalogue. It is also asked for the whole folded query, and may
        answer whether that is a title.
    is_common
        Whether several texts of the catalogue have a folded word, or the name of a person. Such a word is no compound
        of another language, whatever parts it has: "Bergman" is no man of the mountains.

    Examples
    --------
    >>> read_language("película de vampiros en el espacio", lambda word: False).english
    'vampire space'
    >>> read_language("la vita è bella", lambda word: False).language is None
    True
    """
    text = unicodedata.normalize("NFC", text[:_LONGEST])
    tokens = _tokens(text)
    whole = " ".join(token.folded for token in tokens)
    if not tokens or whole in foreign_titles() or is_known(whole):
        return Translation()
    by_script = language_by_script(text)
    if by_script is not None:
        return _by_script(text, tokens, by_script, is_known, is_common)
    chosen = _likeliest(tokens, is_known, is_common)
    return Translation() if chosen is None else _translate(tokens, chosen, is_known, is_common)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = 0
    for found in WORD.finditer(text):
        is_behind_mark = bool(tokens) and _MARK.search(text, end, found.start()) is not None
        tokens.append(_Token(found[0], fold(found[0]), is_behind_mark))
        end = found.end()
    return tokens


def _by_script(
    text: str,
    tokens: Sequence[_Token],
    code: str,
    is_known: Callable[[str], bool],
    is_common: Callable[[str], bool],
) -> Translation:
    """The translation of a query whose script tells its language."""
    if code == "zh":
        code = max(("zh", "ja"), key=lambda one: _covered(tokens, one))
    known = lexicon(code)
    if known is None:
        return Translation(code, untranslated=tuple(text.split()))
    if code in ("zh", "ja", "ko"):
        return _segmented(tokens, known, is_known, is_common)
    return _translate(tokens, known, is_known, is_common)


def _covered(tokens: Sequence[_Token], code: str) -> int:
    """How many characters of a query in ideographs the vocabulary of a language knows."""
    (known,) = lexicons([code])
    pieces = [piece for token in tokens for piece in segment(token.folded, known)]
    return sum(len(piece.text) for piece in pieces if piece.entry is not None)


def _likeliest(
    tokens: Sequence[_Token], is_known: Callable[[str], bool], is_common: Callable[[str], bool]
) -> Lexicon | None:
    """The language in Latin script in which a query is most likely written; None for English or undecided."""
    tokens = tokens[:_DECIDING]
    words = [token.folded for token in tokens]
    (english,) = lexicons(["en"])
    if all(word in english.words or word in english.entries for word in words):
        return None
    familiar = [is_known(word) for word in words]
    best, chosen = 0.0, None
    for candidate in lexicons(_LATIN):
        evidence, needed = _evidence(tokens, words, familiar, is_common, candidate, english)
        if evidence >= needed and evidence > best + 1e-9:
            best, chosen = evidence, candidate
    return chosen


def _evidence(
    tokens: Sequence[_Token],
    words: Sequence[str],
    familiar: Sequence[bool],
    is_common: Callable[[str], bool],
    lexicon: Lexicon,
    english: Lexicon,
) -> tuple[float, float]:
    """How much the words of a query speak for a language, and how much is needed."""
    matches = _matches(words, lexicon, is_common)
    # "kein horror", "western ab 1990"
    is_sure = any(_is_exclusion(one.entries[0]) or _measures_year(words, one) for one in matches) and any(familiar)
    if not is_sure and all(match.entries[0].role in _CONNECTING for match in matches):
        return 0.0, _ENOUGH
    evidence, is_told, strange = 0.0, False, False
    unmatched = set(range(len(words)))
    for match in matches:
        unmatched.difference_update(range(match.start, match.stop))
        role = match.entries[0].role
        weight = _weight(words, familiar, match, english)
        is_exclusion = _is_exclusion(match.entries[0])
        if is_exclusion and not weight and any(_excludes(match, one, english, words) for one in matches):
            weight = _EXCLUSION
        if weight and match.stop - match.start == 1:
            weight += _spelling(tokens[match.start].typed.casefold(), match, lexicon)
        evidence += weight
        is_expression = match.stop - match.start > 1
        is_told |= role == "film" or (is_expression and role == "subject")
        strange |= (role == "subject" and not familiar[match.start]) or (weight > 1 and role != "subject")
    for place in unmatched:
        entry = english.entries.get(words[place])
        if entry is not None:
            evidence += _ENGLISH_FUNCTION
        elif words[place] in english.words:
            evidence += _ENGLISH
        elif _is_genitive(words[place], lexicon.code, is_common):
            evidence += _LETTER
        elif not words[place].isdigit():
            evidence += _KNOWN if familiar[place] else _UNKNOWN
    if is_told:
        return evidence, _ENOUGH
    if words[0] in lexicon.articles:
        return evidence, _ENOUGH_AFTER_ARTICLE
    return evidence, _ENOUGH if strange else _ENOUGH_OF_KNOWN


def _is_genitive(word: str, code: str, is_known: Callable[[str], bool]) -> bool:
    """Whether a word is a known name with the ending of what is of somebody: "kurosawas filme"."""
    name = word.removesuffix("s")
    return code in _GENITIVES and name != word and len(name) > _SHORTEST_NAME and not is_known(word) and is_known(name)


def _matches(words: Sequence[str], lexicon: Lexicon, is_common: Callable[[str], bool]) -> list[Match]:
    """What a vocabulary knows of the words of a query; a word of the catalogue is no compound."""
    return [one for one in lexicon.match(words) if len(one.entries) == 1 or not is_common(words[one.start])]


def _weight(words: Sequence[str], familiar: Sequence[bool], match: Match, english: Lexicon) -> float:
    """How much one match speaks for the language."""
    entry, word = match.entries[0], words[match.start]
    typed = " ".join(words[match.start : match.stop])
    if len(match.entries) == 1 and typed in (entry.english, f"{entry.english}s"):
        return 0.0
    if all(one in english.entries or one in english.words for one in words[match.start : match.stop]):
        return _SHARED if entry.role == "subject" else 0.0
    if _is_exclusion(entry) or _measures_year(words, match):
        return _EXCLUSION
    if match.stop - match.start > 1:
        return _EXPRESSION if entry.role == "subject" else 2 * _FUNCTION
    if entry.role in _CONNECTING:
        return _FUNCTION if len(word) > 1 else _LETTER
    if entry.role == "film":
        return _FILM
    return _TITLE_WORD if familiar[match.start] else _SUBJECT


def _is_exclusion(entry: Entry) -> bool:
    """Whether a word excludes what follows it, which must not become what is searched for: "anime ohne harem"."""
    return entry.role == "connector" and entry.english in EXCLUSIONS


def _excludes(exclusion: Match, one: Match, english: Lexicon, words: Sequence[str]) -> bool:
    """Whether an exclusion that is an English word as well, such as "sin", is followed by a subject of its language."""
    word = words[one.start]
    is_english = word in english.entries or word in english.words or one.entries[0].english == word
    return one.start == exclusion.stop and one.entries[0].role == "subject" and not is_english


def _measures_year(words: Sequence[str], match: Match) -> bool:
    """Whether a measure such as "ab" stands before a year, which no English word explains."""
    is_measure = match.entries[0].role == "measure" or match.entries[0].english in ("before", "after")
    return is_measure and match.stop < len(words) and _YEAR.fullmatch(words[match.stop]) is not None


def _spelling(typed: str, match: Match, lexicon: Lexicon) -> float:
    """What the accents and the ending of a word add to its weight; words typed without any accent lose nothing."""
    if match.inflected:
        return _INFLECTED
    if typed in lexicon.spellings or len(match.entries) > 1:
        return 0.0 if typed.isascii() else _ACCENTS
    return 0.0 if typed.isascii() else _OTHER_ACCENTS


def _translate(
    tokens: Sequence[_Token], lexicon: Lexicon, is_known: Callable[[str], bool], is_common: Callable[[str], bool]
) -> Translation:
    """The translation of a query in a language that writes spaces between words."""
    words = [token.folded for token in tokens]
    found = {match.start: match for match in _matches(words, lexicon, is_common)}
    pieces: list[_Piece] = []
    place = 0
    while place < len(tokens):
        match = found.get(place)
        stop = match.stop if match is not None else place + 1
        typed = " ".join(token.typed for token in tokens[place:stop])
        pieces.append(_Piece(typed, match.entries if match is not None else (), tokens[place].breaks))
        place = stop
    return _collect(pieces, lexicon.code, is_known, is_common)


def _segmented(
    tokens: Sequence[_Token], lexicon: Lexicon, is_known: Callable[[str], bool], is_common: Callable[[str], bool]
) -> Translation:
    """The translation of a query in a language without spaces, or whose words carry particles."""
    spaced = lexicon.code == "ko"
    parts: list[_Piece] = []
    for token in tokens:
        if spaced or UNSPACED.fullmatch(token.folded):
            for place, piece in enumerate(segment(token.folded, lexicon, spaced)):
                entries = () if piece.entry is None else (piece.entry,)
                parts.append(_Piece(piece.text, entries, token.breaks and place == 0))
        else:
            entry = lexicon.entries.get(token.folded)
            parts.append(_Piece(token.typed, () if entry is None else (entry,), token.breaks))
    texts = [part.typed for part in parts]
    pieces: list[_Piece] = []
    place = 0
    while place < len(parts):
        expression = lexicon.expression(texts, place)
        if expression is None:
            pieces.append(parts[place])
            place += 1
        else:
            typed = " ".join(texts[place : expression.stop])
            pieces.append(_Piece(typed, expression.entries, parts[place].breaks))
            place = expression.stop
    return _collect(_with_postposed_before(pieces), lexicon.code, is_known, is_common)


def _with_postposed_before(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces, of which those that stand behind what they exclude or measure stand before it.

    What is excluded is the subject before, and what is measured the number before with its unit.
    """
    ordered: list[_Piece] = []
    for piece in pieces:
        if piece.role != "postposed":
            ordered.append(piece)
            continue
        is_exclusion = piece.entries[0].english in EXCLUSIONS
        place = len(ordered)
        while place and ordered[place - 1].role == "function":
            place -= 1
        start = place - 1
        while not is_exclusion and start > 0 and not ordered[start].typed.isdecimal():
            start -= 1
        is_measured = start >= 0 and (is_exclusion or ordered[start].typed.isdecimal())
        if is_measured:
            role: Role = "connector" if is_exclusion else "measure"
            ordered[start:start] = [replace(piece, entries=(replace(piece.entries[0], role=role),))]
    return ordered


def _collect(
    pieces: Sequence[_Piece],
    code: str,
    is_known: Callable[[str], bool],
    is_common: Callable[[str], bool],
) -> Translation:
    """A translation of pieces of a query, each as typed and with its entries in the vocabulary of its language."""
    (english,) = lexicons(["en"])
    words: list[tuple[str, str]] = []
    ordered: list[Word] = []
    untranslated: list[str] = []
    breaks = False
    for place, piece in enumerate(pieces):
        breaks |= piece.breaks
        entries = piece.entries
        if entries and all(entry.role == "function" for entry in entries):
            continue
        if piece.role == "measure" and not _goes_on_with_number(pieces, place + 1):
            continue
        if piece.role in ("conjunction", "negation", "origin"):
            ordered.append(Word(entries[0].english, entries[0].role, breaks))
            breaks = False
        elif entries:
            words.append((piece.typed, " ".join(entry.english for entry in entries)))
            for entry in entries:
                ordered.append(Word(entry.english, entry.role, breaks))
                breaks = False
        else:
            word = fold(piece.typed)
            is_of_catalogue = len(word) > 1 and (is_known(word) or is_common(word))
            if not is_of_catalogue and any(_is_genitive(word, code, one) for one in (is_known, is_common)):
                word, is_of_catalogue = word.removesuffix("s"), True
            if word.isdecimal() or word in english.words or is_real_word(word) or is_of_catalogue:
                words.append((piece.typed, word))
                ordered.append(Word(word, "subject", breaks))
                breaks = False
            else:
                if ordered and ordered[-1].english in EXCLUSIONS:  # without the word it would exclude another one
                    ordered.pop()
                    words.pop()
                untranslated.append(piece.typed)
    return Translation(code, told(ordered), tuple(words), tuple(ordered), tuple(untranslated))


def _goes_on_with_number(pieces: Sequence[_Piece], start: int) -> bool:
    """Whether a number or a decade is the first piece from a place on that says anything."""
    for piece in pieces[start:]:
        if not piece.entries or not all(entry.role == "function" for entry in piece.entries):
            return piece.typed[:1].isdigit() or (bool(piece.entries) and piece.entries[0].english[:1].isdigit())
    return False
