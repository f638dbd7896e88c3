"""Vocabularies of other languages: how people name the subjects of films and books, and what these are in English.

Each language has a file ``vocabularies/CODE.tsv``: a line for each English expression, and after a tab the expressions
of the language, separated by commas. Case and accents do not count, and where an expression has two meanings the first
one counts. Lines that begin with ``@`` say more:

``@name``
    The English name of the language.
``@function``
    Words that say nothing about a subject (articles, prepositions, pronouns, "about", "I want to see").
``@articles``
    The definite articles, with which titles begin more often than searches do.
``@film``
    Words for a film, with which searches begin ("a film about …").
``@endings``
    Endings of inflected forms, so that a file needs only the basic and the irregular forms.
``@links``
    What may stand between the parts of a compound, in languages that write compounds as one word.
``and``, ``or``, ``not``, ``from``
    What joins the parts of a list, what negates an adjective, and what stands before the name of a country. They may be
    among the functions as well.
``~without``, ``~since``, …
    What stands behind the words to which it belongs, as in Japanese.
``@words``
    In ``en.tsv``: words of English that other languages spell alike. They tell nothing about the language of a query.

``vocabularies/titles.txt`` lists titles in other languages under which films are known everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from engine.search.understanding.scripts import WORD
from engine.text.normalize import fold

_FOLDER = Path(__file__).with_name("vocabularies")
#: English expressions that connect others: they are translated, but are no subject.
_CONNECTORS = frozenset({"without", "not too", "before", "after", "like"})
#: What an expression begins with that excludes or measures what stands before it: "ホラー以外", all but horror.
_BEHIND = "~"
#: Those of them that exclude what follows.
EXCLUSIONS = frozenset({"without", "not too"})
#: English expressions that say something of a number. Their words in other languages mean much else before other words,
#: such as "unter" and "desde".
_MEASURES = frozenset({"before", "after", "since", "until", "less than", "more than", "at least", "at most"})
#: The shortest form to which an ending may be added, and the shortest stem that two inflected forms must share. To the
#: shortest forms only "s" and longer endings are added: the Spanish "solo" is no form of "sol".
_SHORTEST_FORM, _SHORTEST_STEM = 3, 4
_SHORTEST_COMPOUND, _LONGEST_COMPOUND, _SHORTEST_PART = 7, 40, 3

#: A measure is translated where a number follows, and says nothing elsewhere. A conjunction, a negation ("nicht") and
#: an origin ("aus") are translated as :mod:`engine.search.understanding.word_order` says. What is ``postposed`` stands
#: behind what it excludes or measures.
Role = Literal["subject", "connector", "measure", "film", "function", "conjunction", "negation", "origin", "postposed"]
#: The roles of English words that are translated where they join, exclude or place something.
_ROLES: Mapping[str, Role] = {"and": "conjunction", "or": "conjunction", "not": "negation", "from": "origin"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What an expression of another language is in English, and its role in a query."""

    english: str
    role: Role


@dataclass(frozen=True, slots=True)
class Match:
    """Some words of a query, from ``start`` to before ``stop``, that a vocabulary knows.

    Several entries are the parts of a compound. ``inflected`` tells that the vocabulary has another form of the word.
    """

    start: int
    stop: int
    entries: tuple[Entry, ...]
    inflected: bool = False


class Lexicon:
    """The vocabulary of one language.

    Parameters
    ----------
    code
        The language, by its code of ISO 639-1.
    lines
        The lines of the language's file.

    Attributes
    ----------
    code, name
        The code and the English name of the language.
    articles
        The definite articles, folded.
    entries
        All expressions, folded, with one space between words.
    spellings
        All expressions in lower case with their accents.
    words
        Words that tell nothing about the language; of the English vocabulary only.
    """

    def __init__(self, code: str, lines: Sequence[str]) -> None:
        self.code = code
        table = _parse(lines)
        self.name = ", ".join(table.pop("@name", [code]))
        self.articles = frozenset(fold(word) for word in table.pop("@articles", []))
        self.words = frozenset(fold(word) for word in table.pop("@words", []))
        endings = {fold(ending) for ending in table.pop("@endings", [])}
        self._endings = tuple(sorted(endings, key=lambda ending: (-len(ending), ending)))
        self._links = ("", *(fold(link) for link in table.pop("@links", [])))
        self._compounds = len(self._links) > 1
        self.entries: dict[str, Entry] = {}
        self.spellings: set[str] = set()
        for word in self.articles:
            self.entries[word] = Entry("", "function")
        for form in table.pop("@function", []):
            self._add(form, Entry("", "function"))
        for form in table.pop("@film", []):
            self._add(form, Entry("film", "film"))
        for english, forms in table.items():
            for form in forms:
                if (role := _ROLES.get(english)) is not None:
                    self.entries[key_of(form)] = Entry(english, role)
                elif english.startswith(_BEHIND):
                    self.entries[key_of(form)] = Entry(english.removeprefix(_BEHIND), "postposed")
                elif english in _MEASURES and (english not in _CONNECTORS or self._says_nothing(form)):
                    self.entries[key_of(form)] = Entry(english, "measure")
                elif english in EXCLUSIONS and self._says_nothing(form):
                    self.entries[key_of(form)] = Entry(english, "connector")
                self._add(form, Entry(english, "connector" if english in _CONNECTORS else "subject"))

    def _says_nothing(self, form: str) -> bool:
        found = self.entries.get(key_of(form))
        return found is not None and found.role == "function"

    def _add(self, form: str, entry: Entry) -> None:
        """Add an expression; German umlauts also as they are typed without them, "gefaengnis"."""
        self.spellings.add(form.casefold())
        self.entries.setdefault(key_of(form), entry)
        if self.code == "de" and any(letter in form.casefold() for letter in "äöü"):
            for letter, pair in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
                form = form.casefold().replace(letter, pair)
            self.entries.setdefault(key_of(form), entry)

    @cached_property
    def _longest(self) -> Mapping[str, int]:
        """The number of words of the longest expression that begins with a word."""
        longest: dict[str, int] = {}
        for form in self.entries:
            first, *more = form.split()
            longest[first] = max(longest.get(first, 1), len(more) + 1)
        return longest

    @cached_property
    def longest_form(self) -> int:
        """The number of characters of the longest expression, without spaces."""
        return max(len(form.replace(" ", "")) for form in self.entries)

    @cached_property
    def _stems(self) -> Mapping[str, Entry]:
        """The subjects of one word by their stem; a stem of different subjects is left out."""
        stems: dict[str, Entry] = {}
        unclear = set()
        for form, entry in self.entries.items():
            stem = self._stem(form)
            is_word = entry.role in ("subject", "film") and " " not in form and stem != form
            if is_word and stems.setdefault(stem, entry) != entry:
                unclear.add(stem)
        return {stem: entry for stem, entry in stems.items() if stem not in unclear}

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """The first letters of all expressions: most words of other languages have none of them."""
        return frozenset(form[:_SHORTEST_FORM] for form in self.entries)

    def _stem(self, word: str) -> str:
        for ending in self._endings:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word[: -len(ending)]
        return word

    def look_up(self, word: str) -> Entry | None:
        """The entry of a folded word, in whatever form it is inflected."""
        found = self.entries.get(word)
        if found is not None or len(word) <= _SHORTEST_FORM or word[:_SHORTEST_FORM] not in self._beginnings:
            return found
        if word.isdigit():  # "2010" is a year, though "2010er" are a decade
            return None
        for ending in self._endings:
            shortest = _SHORTEST_FORM if ending == "s" or len(ending) > 1 else _SHORTEST_FORM + 1
            if word.endswith(ending) and len(word) - len(ending) >= shortest:
                found = self.entries.get(word[: -len(ending)])
                if found is not None and found.role != "function":
                    return found
        return self._stems.get(self._stem(word))

    def split(self, word: str) -> tuple[Entry, ...]:
        """The entries of the parts of a compound, such as "vampirfilm"; empty if it is none."""
        if not self._compounds or not _SHORTEST_COMPOUND <= len(word) <= _LONGEST_COMPOUND:
            return ()
        for end in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
            first = self.entries.get(word[:end])
            if first is None or first.role != "subject":
                continue
            for link in self._links:
                rest = word[end + len(link) :]
                if word.startswith(link, end) and len(rest) >= _SHORTEST_PART:
                    last = self.look_up(rest)
                    parts = (last,) if last is not None and last.role in ("subject", "film") else self.split(rest)
                    if parts:
                        return (first, *parts)
        return ()

    def match(self, tokens: Sequence[str]) -> list[Match]:
        """What the vocabulary knows of some folded words: the longest expressions first, from left to right."""
        matches, place = [], 0
        while place < len(tokens):
            found = self.expression(tokens, place)
            if found is None:
                entry = self.look_up(tokens[place])
                parts = (entry,) if entry is not None else self.split(tokens[place])
                inflected = entry is not None and tokens[place] not in self.entries
                found = Match(place, place + 1, parts, inflected) if parts else None
            if found is not None:
                matches.append(found)
            place = found.stop if found is not None else place + 1
        return matches

    def expression(self, tokens: Sequence[str], place: int) -> Match | None:
        """The longest expression of several folded words that begins at a place; None if there is none."""
        for length in range(min(self._longest.get(tokens[place], 1), len(tokens) - place), 1, -1):
            entry = self.entries.get(" ".join(tokens[place : place + length]))
            if entry is not None:
                return Match(place, place + length, (entry,))
        return None


def key_of(text: str) -> str:
    """The folded words of a text with one space between them, the form in which expressions are compared."""
    if text.isascii() and text.isalpha():
        return text.lower()
    return " ".join(fold(word) for word in WORD.findall(text)) or fold(text)


def _parse(lines: Sequence[str]) -> dict[str, list[str]]:
    """The lines of a file: what is before the tab, and the expressions after it, of all lines that begin the same."""
    table: dict[str, list[str]] = {}
    for left, tab, right in (line.partition("\t") for line in lines if not line.startswith("#")):
        if tab:
            table.setdefault(left, []).extend(form.strip() for form in right.split(","))
    return table


def _read(name: str) -> list[str]:
    return (_FOLDER / name).read_text(encoding="utf-8").splitlines()


@cache
def lexicon(code: str) -> Lexicon | None:
    """The vocabulary of a language, read when it is first needed; None for a language that has none."""
    return Lexicon(code, _read(f"{code}.tsv")) if (_FOLDER / f"{code}.tsv").is_file() else None


@cache
def foreign_titles() -> frozenset[str]:
    """Titles in other languages under which films are known in English-speaking countries, too; folded."""
    return frozenset(key_of(line) for line in _read("titles.txt") if line and not line.startswith("#"))


def lexicons(codes: Sequence[str]) -> Iterator[Lexicon]:
    """The vocabularies of some languages, in the order of the languages."""
    for code in codes:
        found = lexicon(code)
        if found is not None:
            yield found
