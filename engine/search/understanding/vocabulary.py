"""The phrases that mean something in a catalogue: its genres, kinds, countries, languages and degrees of fame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from engine.runtime.locked_property import locked_property
from engine.search.filters.columns import NumberField, TextField
from engine.search.understanding.candidate import Candidate, Part, Role
from engine.search.understanding.columns import Columns, known_numbers, rounded
from engine.search.understanding.genres import (
    COMPOUNDS,
    FOR_CHILDREN,
    INSTEAD,
    TOGETHER,
    adjectives_of,
    is_strong,
    needs_noun,
    nouns_of,
)
from engine.search.understanding.kinds import kinds_of
from engine.search.understanding.places import (
    COUNTRIES,
    ENGLISH_SPEAKING,
    LANGUAGES,
    REGION_NAMES,
    REGIONS,
    SPOKEN_IN,
)
from engine.search.understanding.tokens import word_set

_LONGEST = 5
#: A kind that covers this part of a catalogue says nothing.
_ALL = 0.98
_WELL_RATED = ("highly rated", "high rated", "best rated", "top rated", "well rated", "highest rated", "best reviewed")
_BADLY_RATED = (
    *("badly rated", "poorly rated", "low rated", "lowest rated", "worst rated", "worst reviewed", "badly reviewed"),
)
_WORST = ("worst", "the worst")
_ACCLAIMED = ("critically acclaimed", "acclaimed", "highly acclaimed", "well reviewed")
_POPULAR = ("popular", "most popular", "well known", "widely known", "best known", "famous", "most famous")
_LESS_KNOWN = ("lesser known", "less known", "little known", "not well known", "unknown", "obscure", "overlooked")
_GEMS = ("hidden gem", "hidden gems", "underrated", "under rated")
#: Those that are said of nothing but items.
_SAID_OF_ITEMS = ("lesser known", "less known", "little known", "underrated", "under rated", "overlooked")
_BEST = (
    *("best", "the best", "top", "greatest", "the greatest", "10 best", "ten best"),
    *(f"top {number}" for number in ("5", "five", "10", "ten", "20", "50", "100")),
)
#: The longest running time of a short film in minutes (the Academy's rule), and the episodes of a short series.
_SHORT_MINUTES, _SHORT_EPISODES = 40, 13
#: The running time of a long film in minutes, and the episodes of a long series.
_LONG_MINUTES, _MANY_EPISODES, _VERY_MANY_EPISODES = 150, 50, 100
#: How old what is called recent is at most, and what is called a classic or old at least, in years before the newest.
_RECENT_YEARS, _CLASSIC_YEARS, _OLD_YEARS = 5, 25, 40
#: The episodes of seasons of television, which are counted in cours of a quarter of a year.
_COURS = {("1", "one", "single"): "10..14", ("2", "two", "double"): "20..28", ("4", "four"): "45..54"}
_CLASSIC = ("classic", "classics")
#: Adjectives of age that are words of many titles.
AGES = frozenset(("old", "older", "new", "newer", "silent", "classic"))
#: The year after which films are hardly silent, and how many older items a catalogue needs for the word to say that.
_LAST_SILENT, _FEW = 1929, 3
#: Nouns for items of any catalogue.
NOUNS = word_set(
    """
    movie movies film films flick flicks cinema series show shows anime animes cartoon cartoons book books
    novel novels song songs music album albums track tracks game games product products title titles
    """
)
#: Nouns for kinds of films and series that few catalogues have as genres: their words are searched for. There are none
#: that are of something else, such as a parody of the eighties.
_SORTS = word_set(
    """
    noir noirs biopic biopics slasher slashers whodunit whodunits heist heists caper capers mockumentary mockumentaries
    sitcom sitcoms blockbuster blockbusters classic classics masterpiece masterpieces tearjerker tearjerkers epic epics
    """
)
#: The same of several words.
_SORTS_OF_SEVERAL_WORDS = (
    *("film noir", "film noirs", "love story", "love stories", "ghost story", "ghost stories"),
    *("black and white", "black white", "war story", "war stories", "crime story", "crime stories"),
)


class Vocabulary:
    """The phrases that mean something in one catalogue.

    Parameters
    ----------
    columns
        The columns of the catalogue.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def find(self, words: Sequence[str], start: int) -> Candidate | None:
        """The longest phrase that begins at this word of a query; None if there is none."""
        for end in range(min(len(words), start + _LONGEST), start, -1):
            if (found := self._phrases.get(" ".join(words[start:end]))) is not None:
                return found.at(start, end)
        return None

    def country(self, words: Sequence[str], start: int) -> Candidate | None:
        """The country whose name begins at this word: ``italy``; its language if the catalogue has no countries."""
        return self._longest(self._country_names or self._language_names, words, start)

    def language(self, words: Sequence[str], start: int) -> Candidate | None:
        """The language whose name begins at this word: ``japanese``."""
        found = self._longest(self._language_names, words, start)
        return found if found is not None and " ".join(words[start : found.end]) in LANGUAGES else None

    @locked_property
    def english(self) -> Candidate | None:
        """What is in English; without languages in the catalogue, what is from where most people speak it.

        "Non-english" asks for other languages, though an "english film" may be one from England.
        """
        if (found := self._language_names.get("english")) is not None:
            return found
        return _united(self._country_names, ENGLISH_SPEAKING, reach=2)

    @property
    def has_languages_only(self) -> bool:
        """Whether the catalogue says in which languages items are, but not from where they are."""
        return bool(self._language_names) and not self._country_names

    @locked_property
    def heads(self) -> frozenset[str]:
        """The nouns for items or genres; some of several words, such as "science fiction"."""
        return NOUNS | _SORTS | {phrase for phrase, one in self._phrases.items() if one.is_head}

    @staticmethod
    def _longest(phrases: dict[str, Candidate], words: Sequence[str], start: int) -> Candidate | None:
        for end in range(min(len(words), start + 3), start, -1):
            if (found := phrases.get(" ".join(words[start:end]))) is not None:
                return found.at(start, end)
        return None

    @locked_property
    def _phrases(self) -> dict[str, Candidate]:
        phrases: dict[str, Candidate] = {}
        for source in (self._places(), self._kinds(), self._genres(), self._ratings(), self._lengths()):
            for phrase, candidate in source:
                phrases.setdefault(phrase, candidate)
        return phrases

    def _kinds(self) -> Iterator[tuple[str, Candidate]]:
        field = self.columns.texts.get("type")
        for noun in self.columns.nouns:
            yield noun, _candidate("noun")
        for phrase, values in ({} if field is None else kinds_of(field)).items():
            assert field is not None
            covered = self.columns.fields.any_of(field.name, values)
            yield phrase, _candidate("noun" if covered.mean() >= _ALL else "kind", (field.name, values))

    def _genres(self) -> Iterator[tuple[str, Candidate]]:
        field = self.columns.texts.get("genre")
        if field is None:
            return
        values = {" ".join(folded.split()): value for value, folded in zip(field.values, field.folded, strict=True)}
        for compound in COMPOUNDS:
            if compound not in values:
                yield compound, _candidate("compound")
        for genre, value in values.items():
            for adjective in adjectives_of(genre):
                role: Role = "adjective" if needs_noun(adjective) else "explicit"
                yield adjective, _candidate(role, (field.name, (value,)))
            yield genre, _candidate("genre" if is_strong(genre) else "subject", (field.name, (value,)))
        for genre, value in values.items():
            for noun in nouns_of(genre):
                yield noun, _candidate("genre" if is_strong(genre) else "subject", (field.name, (value,)))
        for genre, other in INSTEAD.items():
            for noun in nouns_of(genre) if other in values else ():
                yield noun, _candidate("genre", (field.name, (values[other],)))
        by_noun = {noun: value for genre, value in values.items() for noun in nouns_of(genre)}
        for phrase, pair in TOGETHER.items():
            if all(genre in by_noun for genre in pair):
                yield phrase, _candidate("genre", *((field.name, (by_noun[genre],)) for genre in pair))
        if young := tuple(values[genre] for genre in FOR_CHILDREN if genre in values):
            for whom in ("kids", "children", "the whole family", "families", "young children", "small children"):
                yield f"for {whom}", _candidate("explicit", (field.name, young))
            for noun in ("kids", "kid", "children", "childrens"):
                yield noun, _candidate("subject", (field.name, young))
            for phrase in ("kid friendly", "family friendly", "child friendly"):
                yield phrase, _candidate("explicit", (field.name, young))
        if "anime" not in values and "anime" not in self.columns.nouns and "animation" in values:
            for part in self._japanese():
                for noun in ("anime", "animes"):
                    yield noun, _candidate("genre", (field.name, (values["animation"],)), part)
        for sort in (*sorted(_SORTS - set(_CLASSIC)), *_SORTS_OF_SEVERAL_WORDS):
            yield sort, _candidate("compound")

    def _japanese(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for found in (self._country_names.get("japan"), self._language_names.get("japanese")):
            if found is not None:
                yield found.parts[0]
                return

    def _places(self) -> Iterator[tuple[str, Candidate]]:
        """The adjectives, which mean the country if the catalogue has it, else the language."""
        for names in (self._country_names, self._language_names):
            for name, candidate in names.items():
                if name in COUNTRIES or name in LANGUAGES or name in REGIONS:
                    yield name, candidate
        for name, candidate in self._language_names.items():
            for phrase in (f"{name} language", f"{name} speaking", f"{name} spoken"):
                yield phrase, _candidate("attribute", *candidate.parts, reach=2)
        for name in LANGUAGES if not self._language_names else ():  # where it is spoken
            spoken = (one for one, its in SPOKEN_IN.items() if name in its.languages)
            if (found := _united(self._country_names, (name, *spoken), reach=2)) is not None:
                for phrase in (f"{name} language", f"{name} speaking", f"{name} spoken"):
                    yield phrase, found
        for region in REGIONS:  # of people and not of places: "african american comedies"
            if (people := f"{region} american") not in REGIONS:
                yield people, _candidate("compound")
        for people in ("american indian", "native american", "west indian"):
            yield people, _candidate("compound")
        if english := self.english:
            for phrase in ("english language", "english speaking"):
                yield phrase, english
            field = english.parts[0].field
            if self.columns.fields.any_of(field, english.parts[0].terms).mean() > 0.5:
                foreign = Candidate(0, 0, "attribute", english.parts, negated=True)
                yield "foreign", foreign
                yield "foreign language", foreign

    @locked_property
    def _country_names(self) -> dict[str, Candidate]:
        """Adjectives and names of the countries of the catalogue, and of regions that have some of them."""
        found: dict[str, Candidate] = {}
        if (field := self.columns.texts.get("country")) is not None:
            for adjective, names in COUNTRIES.items():
                if values := _values(field, names):
                    candidate = _candidate("attribute", (field.name, values), reach=2)
                    found.update(dict.fromkeys((adjective, *filter(_is_name, names)), candidate))
                    for name in filter(_is_name, names):
                        if own := _values(field, (name,)):
                            found[name] = _candidate("attribute", (field.name, own), reach=2)
        return found | _regions(found)

    @locked_property
    def _language_names(self) -> dict[str, Candidate]:
        """Names of the languages of the catalogue."""
        found: dict[str, Candidate] = {}
        if (field := self.columns.texts.get("language")) is not None:
            for name, spellings in LANGUAGES.items():
                if values := _values(field, spellings):
                    found[name] = _candidate("attribute", (field.name, values), reach=2)
            if not self._country_names:  # the country where the language is spoken, if both have one adjective
                for adjective, names in COUNTRIES.items():
                    for country in filter(_is_name, names) if adjective in found else ():
                        found.setdefault(country, found[adjective])
                for adjective, spoken in SPOKEN_IN.items():
                    one = _united(found, spoken.languages, reach=2)
                    if one is not None and adjective not in found:
                        one = replace(one, is_kept=not spoken.is_sure)
                        found |= {adjective: one, spoken.country: one}
                found |= _regions(found)
        return found

    def _ratings(self) -> Iterator[tuple[str, Candidate]]:
        rating, people = self.columns.numbers.get("rating"), self.columns.numbers.get("people")
        well_rated = None if rating is None else self._well_rated(rating, people)
        if well_rated is not None:
            for phrase in (*_WELL_RATED, *_ACCLAIMED):
                yield phrase, _candidate("explicit", *well_rated)
            for phrase in _BEST:
                yield phrase, _candidate("attribute", *well_rated, reach=1)
        badly_rated = None if rating is None else self._well_rated(rating, people, is_badly=True)
        if badly_rated is not None:
            for phrase in _BADLY_RATED:
                yield phrase, _candidate("explicit", *badly_rated)
            for phrase in _WORST:
                yield phrase, _candidate("attribute", *badly_rated, reach=1)
        if people is None or not len(known := known_numbers(people)) or known[-1] <= 0:
            return
        known = known[known > 0]
        middle, upper, top = (rounded(float(np.quantile(known, part))) for part in (0.5, 0.75, 0.9))
        for phrase in _POPULAR:
            yield phrase, _candidate("attribute", (people.name, (f">={top}",)))
        for phrase in _LESS_KNOWN:
            role: Role = "explicit" if phrase in _SAID_OF_ITEMS else "attribute"
            yield phrase, _candidate(role, (people.name, (f"<={upper}",)))
        if well_rated is not None and float(middle) < float(upper):
            for phrase in _GEMS:
                role = "explicit" if phrase in _SAID_OF_ITEMS else "genre"
                yield phrase, _candidate(role, well_rated[0], (people.name, (f"{middle}..{upper}",)))

    def _well_rated(
        self, rating: NumberField, people: NumberField | None, *, is_badly: bool = False
    ) -> list[tuple[str, tuple[str, ...]]] | None:
        """The upper or the lower quarter of the ratings, among items that at least the median number of people know."""
        numbers = rating.numbers
        sign, part = ("<=", 0.25) if is_badly else (">=", 0.75)
        if people is None or not (people.numbers > 0).any():
            known = known_numbers(rating)
            return [(rating.name, (f"{sign}{rounded(float(np.quantile(known, part)))}",))] if len(known) else None
        middle = rounded(float(np.median(people.numbers[people.numbers > 0])))
        known = numbers[(people.numbers >= float(middle)) & ~np.isnan(numbers)]
        if not len(known):
            return None
        limit = rounded(float(np.quantile(known, part)))
        return [(rating.name, (f"{sign}{limit}",)), (people.name, (f">={middle}",))]

    def _ages(self) -> Iterator[tuple[str, Candidate]]:
        """Adjectives of age; what is close to its noun, since a man can be old as well."""
        newest, years = self.columns.newest_year, self.columns.years
        rating, people = self.columns.numbers.get("rating"), self.columns.numbers.get("people")
        well_rated = None if rating is None else self._well_rated(rating, people)
        for phrase in _CLASSIC if newest is None or well_rated is None else ():
            yield phrase, _candidate("compound")
        if newest is None:
            return
        year = self.columns.numbers["year"].name
        recent = year, (f">={newest - _RECENT_YEARS + 1}",)
        yield "recent", _candidate("attribute", recent)
        for phrase in ("new", "newer"):
            yield phrase, _candidate("attribute", recent, reach=0)
        for phrase in ("old", "older"):
            yield phrase, _candidate("attribute", (year, (f"<={newest - _OLD_YEARS}",)), reach=0)
        if well_rated is not None:
            classic = (year, (f"<={newest - _CLASSIC_YEARS}",)), *well_rated
            for phrase in _CLASSIC:
                yield phrase, _candidate("genre" if phrase.endswith("s") else "attribute", *classic)
        if np.count_nonzero(years <= _LAST_SILENT) >= _FEW:
            silent = year, (f"<={_LAST_SILENT}",)
            yield "silent", _candidate("attribute", silent, reach=1)
            for phrase in ("silent era", "silent film era"):
                yield phrase, _candidate("explicit", silent)

    def _lengths(self) -> Iterator[tuple[str, Candidate]]:
        numbers = self.columns.numbers
        yield from self._ages()
        if "episodes" in numbers:
            name = numbers["episodes"].name
            yield "short", _candidate("attribute", (name, (f"<={_SHORT_EPISODES}",)))
            for counts, terms in _COURS.items():
                for count in counts:
                    for noun in ("cour", "cours"):
                        yield f"{count} {noun}", _candidate("explicit", (name, (terms,)))
            yield "long", _candidate("attribute", (name, (f">={_MANY_EPISODES}",)))
            for phrase in ("long running", "very long"):
                yield phrase, _candidate("attribute", (name, (f">={_VERY_MANY_EPISODES}",)))
        elif "runtime" in numbers:
            name, low = numbers["runtime"].name, 1 if (numbers["runtime"].numbers == 0).any() else 0
            short = f"{low}..{_SHORT_MINUTES}" if low else f"<={_SHORT_MINUTES}"
            yield "short", _candidate("attribute", (name, (short,)))
            for phrase in ("shorts", "short subject", "short subjects"):
                yield phrase, _candidate("genre", (name, (short,)))
            for phrase in ("long", "very long"):
                yield phrase, _candidate("attribute", (name, (f">={_LONG_MINUTES}",)))
            yield "feature length", _candidate("attribute", (name, (f">{_SHORT_MINUTES}",)))
        if "price" in numbers and len(known := known_numbers(numbers["price"])):
            cheap = f"<={rounded(float(np.quantile(known, 0.25)))}"
            for phrase in ("cheap", "inexpensive", "low priced"):
                yield phrase, _candidate("attribute", (numbers["price"].name, (cheap,)), reach=2)


def _candidate(role: Role, *parts: tuple[str, tuple[str, ...]], reach: int = 0) -> Candidate:
    return Candidate(0, 0, role, tuple(Part(*part) for part in parts), reach=reach)


def _is_name(spelling: str) -> bool:
    """Whether a spelling of a country is a name that people type, and no code."""
    return len(spelling) > 2 or spelling == "uk"


def _regions(places: dict[str, Candidate]) -> dict[str, Candidate]:
    """The adjectives and names of regions, as far as these countries or languages belong to them."""
    united = {region: _united(places, adjectives) for region, adjectives in REGIONS.items()}
    found = {region: one for region, one in united.items() if one is not None}
    return found | {name: found[region] for name, region in REGION_NAMES.items() if region in found}


def _united(places: dict[str, Candidate], adjectives: Sequence[str], reach: int = 0) -> Candidate | None:
    """What is from any of the places of some adjectives; None if there are none of them."""
    known = [places[one] for one in adjectives if one in places]
    if not known:
        return None
    terms = dict.fromkeys(chain.from_iterable(one.parts[0].terms for one in known))
    united = _candidate("attribute", (known[0].parts[0].field, tuple(terms)), reach=reach)
    return replace(united, is_kept=all(one.is_kept for one in known))


def _values(field: TextField, spellings: Sequence[str]) -> tuple[str, ...]:
    """The values of a field that are one of these spellings."""
    return tuple(value for value, folded in zip(field.values, field.folded, strict=True) if folded.strip() in spellings)
