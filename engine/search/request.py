"""What a query asks for: words, meaning, conditions, subjects to avoid, moods, an item to start from, an order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.data.results import Understood
from engine.search.lexical.stop_words import STOP_WORDS
from engine.search.lexical.variants import number_of
from engine.search.sequels import names_sequels
from engine.search.understanding.languages import Translation, language_name, read_language
from engine.search.understanding.moods import Moods, read_moods
from engine.search.understanding.reader import is_kind_of_items, read
from engine.search.understanding.word_order import in_english_order
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields
    from engine.search.filters.orders import Order
    from engine.search.filters.parser import Filter
    from engine.search.understanding.reading import Moved

#: Words that say that a title follows: "the movie called Her".
_NAMED = re.compile(
    r"(?:[\w']+\s+){0,5}(?:movie|film|flick|anime|series|show|cartoon|book|novel|game|song|album|one)\s+"
    r"(?:called|named|titled|entitled)\s+[\"“]?(?P<title>[^\"”]+)[\"”]?",
    re.IGNORECASE,
)
_HALF = re.compile(r"\b(?P<number>\w+) and a half\b", re.IGNORECASE)
#: What people abbreviate, and what it stands for.
_ABBREVIATED = (
    (re.compile(r"\bw/o(?:ut)?\b", re.IGNORECASE), "without"),
    (re.compile(r"\bw/\s*(?=\w)", re.IGNORECASE), "with "),
    (re.compile(r"\b((?:19|20)\d\d)\+(?!\w)"), r"since \1"),
)
#: In a longer query a single word such as "slow" belongs to a plot.
_LONGEST_OF_MOODS = 8


@dataclass(frozen=True, slots=True)
class Request:
    """A query taken apart.

    Attributes
    ----------
    text
        The words left of the query, by which titles are looked up.
    wordings
        The words to search for; a query in another language is searched for as it was typed as well, if a title has
        its words in sequence.
    meaning
        The text whose meaning is searched for.
    filters
        The conditions that were understood.
    without
        Subjects that results should not be about.
    moved
        The item that results should resemble; None if the query names none.
    moods
        The moods that the query names.
    order
        The order of the results that the query asks for; None for the best match first.
    understood
        The conditions, the order and the language as an answer tells them.
    translation
        The language of the query if it is not English, and what its words are in English.
    literal
        Words that are not corrected.
    any_language
        Whether the embedding model knows the language of a query in another language than English.
    unmet
        Conditions that were understood but that no item meets together, so that their words are searched for.
    """

    text: str
    wordings: tuple[str, ...]
    meaning: str
    filters: tuple[Filter, ...] = ()
    without: tuple[str, ...] = ()
    moved: Moved | None = None
    moods: Moods = field(default_factory=Moods)
    order: Order | None = None
    understood: tuple[Understood, ...] = ()
    translation: Translation = field(default_factory=Translation)
    literal: frozenset[str] = frozenset()
    any_language: bool = False
    unmet: tuple[Understood, ...] = ()

    @classmethod
    def plain(cls, query: str, literal: Collection[str] = ()) -> Request:
        """A request for the words of a query, of which nothing is understood."""
        return cls(query, (query,), query, literal=frozenset(literal))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to search for, so that only the conditions count."""
        return not (self.words.strip() or self.meaning.strip())

    @property
    def avoided(self) -> tuple[str, ...]:
        """The excluded subjects that texts are about; an item is a sequel or none, whatever its text is about."""
        return tuple(one for one in self.without if not names_sequels(one))

    @property
    def words(self) -> str:
        """The first of the wordings."""
        return self.wordings[0]


def understand(
    query: str,
    fields: Fields,
    literal: Collection[str] = (),
    is_known: Callable[[str], bool] = lambda _: False,
    has_title: Callable[[str], bool] = lambda _: False,
    is_title: Callable[[str], bool] = lambda _: False,
    is_first_title: Callable[[str], bool] | None = None,
    is_common: Callable[[str], bool] = lambda _: False,
) -> Request:
    """Read what a query asks for.

    Parameters
    ----------
    query
        The words of a query, without typed filters.
    fields
        The fields of the catalogue.
    literal
        Words that are to be searched for as they were typed, and not understood.
    is_known
        Whether a folded word occurs in a well-known title of the catalogue, or several folded words are a title or a
        name.
    has_title
        Whether a title has all words of a text, in whatever spelling.
    is_title
        Whether a text is the whole title of an item.
    is_first_title
        The same, but for the title that is shown, and not for others of an item. None compares it with all of them.
    is_common
        Whether several items have a folded word, or the name of a person.
    """
    query = _spelt_out(next((one for one in _titles_meant(query) if is_title(one)), query))
    translation = Translation() if query in literal else read_language(query, is_known, is_common)
    if translation.language is not None and has_title(query):
        translation = Translation()
    english = ""
    if translation.language is not None:
        is_kind = is_kind_of_items("film", fields)
        english = in_english_order(translation.ordered, translation.language, film_is_kind=is_kind)
    if is_first_title is not None and len(words(query)) > 2 and is_title(query):
        is_first_title = is_title  # another title that is as long is hardly a request: "No se lo digas a nadie"
    reading = read(english or query, fields, keep_as_text=frozenset(literal), is_title=is_first_title)
    moods = Moods() if query in literal or is_title(query) else read_moods(english or query)
    if len(words(query)) > _LONGEST_OF_MOODS and not any(" " in phrase for phrase in moods.phrases):
        moods = Moods()
    wording = _without_phrases(reading.text, [one for one in moods.phrases if one not in literal])
    understood = reading.understood
    if english:
        told = Understood(query, f"{language_name(translation.language or '')}: {english}", english)
        understood = (told, *understood)
    return Request(
        text=query if english else reading.text,
        wordings=(wording, query) if english and fields.has_words(query) else (wording,),
        meaning=" ".join(filter(None, [reading.text, moods.words])),
        filters=reading.filters,
        without=reading.without,
        moved=reading.moved,
        moods=moods,
        order=reading.order,
        understood=understood,
        translation=translation,
        literal=frozenset(literal),
    )


def _spelt_out(query: str) -> str:
    """A query without abbreviations: "without gore" for "w/o gore", "since 2010" for "2010+"."""
    for pattern, meant in _ABBREVIATED:
        query = pattern.sub(meant, query)
    return query


def _titles_meant(query: str) -> Iterator[str]:
    """What is a title if any item has it: what "called" names, and "8 1/2" for "eight and a half"."""
    if (named := _NAMED.fullmatch(query.strip())) is not None:
        yield named["title"]
    if (half := _HALF.search(query)) is not None:
        for number in (half["number"], number_of(half["number"].casefold())):
            for sign in ("½", " 1/2") if number is not None else ():
                yield f"{query[: half.start()]}{number}{sign}{query[half.end() :]}"


def _without_phrases(text: str, phrases: Collection[str]) -> str:
    """A text without phrases that tell a mood: an item need not have their words."""
    if not phrases:
        return text
    for phrase in sorted(phrases, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", " ", text)
    return " ".join(text.split()) if any(word not in STOP_WORDS for word in words(text)) else ""
