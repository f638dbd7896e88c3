"""Reads a query: which of its words are conditions, and which are to be searched for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.search.filters.columns import WrongTermError, quoted
from engine.search.filters.parser import Filter, mask, parse
from engine.search.understanding.candidate import Candidate, Part
from engine.search.understanding.choices import united, without_halves
from engine.search.understanding.columns import Columns
from engine.search.understanding.findings import Findings
from engine.search.understanding.known_titles import KnownTitles
from engine.search.understanding.likeness import match_likeness
from engine.search.understanding.makers import names_maker
from engine.search.understanding.reading import Reading
from engine.search.understanding.resolution import Resolution
from engine.search.understanding.scan import Scan
from engine.search.understanding.tokens import Token, join, tokenise
from engine.search.understanding.vocabulary import AGES, Vocabulary
from engine.search.understanding.words import Words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

#: A longer text is a plot or a paragraph that was pasted, and no request.
_MOST_WORDS = 60
#: The least share of the items of a kind that have one episode where it is no kind of series.
_MOSTLY_SINGLE = 0.9


def read(
    text: str,
    fields: Fields,
    *,
    keep_as_text: Collection[str] = frozenset(),
    is_title: Callable[[str], bool] | None = None,
) -> Reading:
    """Read the conditions in a query. What the reader knows of a catalogue is kept as long as its fields.

    Parameters
    ----------
    text
        The words of the query; see :attr:`engine.search.filters.parser.ParsedQuery.text`.
    fields
        The fields of the catalogue.
    keep_as_text
        Phrases that are to be searched for rather than understood: :attr:`Phrase.typed` of conditions that a user
        dropped.
    is_title
        Whether an item has exactly this title. None looks it up among the catalogue's titles.

    Examples
    --------
    ``korean horror films from the 90s without zombies`` has an empty text, the filters ``language:ko``,
    ``genre:Horror`` and ``year:1990s``, and is without ``zombies``.
    """
    return fields.derived(QueryReader).read(text, keep_as_text=keep_as_text, is_title=is_title)


def is_kind_of_items(noun: str, fields: Fields) -> bool:
    """Whether a noun names only some of the items of a catalogue, such as "film" where there are series as well."""
    return fields.derived(QueryReader).is_kind(noun)


class QueryReader:
    """Reads queries for one catalogue.

    Parameters
    ----------
    fields
        The fields of the catalogue.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._columns = Columns(fields)
        self._vocabulary = Vocabulary(self._columns)
        self._titles = KnownTitles(self._columns)

    def read(
        self,
        text: str,
        *,
        keep_as_text: Collection[str] = frozenset(),
        is_title: Callable[[str], bool] | None = None,
    ) -> Reading:
        """Read the conditions in a query; see :func:`read`."""
        tokens = tokenise(text)
        if not tokens or len(tokens) > _MOST_WORDS:
            return Reading(text)
        is_title = is_title or self._titles.has
        words = Words(tokens, self._sealed(tokens, keep_as_text), self._vocabulary.heads)
        if self._is_title(text, words, is_title) or self._titles.begins(tokens):
            return Reading(text)
        likeness = match_likeness(text, words, is_title, self._is_title_alone)
        like = None if likeness is None else self._titles.row(join(text, tokens[likeness[1] : likeness[2]]).strip('"'))
        scan = Scan(text, words, self._vocabulary, self._titles, like)
        request = range(0) if likeness is None else range(likeness[0], likeness[3])
        candidates, negated = scan.all(request)
        found = Findings(text, tokens)
        if likeness is not None:
            found.move(*likeness)
        others = frozenset((*request, *(place for one in negated for place in range(one.start, one.end))))
        conditions = Resolution(words, candidates, others).conditions()
        conditions = [one for one in conditions if not self._counts_episodes_of_films(one, conditions)]
        if not negated and likeness is None and _is_lone(conditions, tokens):
            return Reading(text)
        for one in without_halves(united(conditions, words, self._are_together), words):
            self._add(found, self._without_repetition(one, conditions))
        for excluded in negated:
            if excluded.subject is not None:
                found.exclude(excluded.start, excluded.end, *excluded.subject, names_items=excluded.names_items)
            for one in excluded.candidates:
                self._add(found, _with_one_part(one, conditions))
        return found.reading(lambda subject: self._is_name(subject, text))

    def is_kind(self, noun: str) -> bool:
        """Whether a noun names only some of the items; see :func:`is_kind_of_items`."""
        found = self._vocabulary.find([noun], 0)
        return found is not None and found.role == "kind"

    def _is_name(self, subject: str, query: str) -> bool:
        """Whether a subject is a person, a maker or a country, and no title has the words of the query."""
        its = [token.word for token in tokenise(subject)]
        country = self._vocabulary.country(its, 0)
        is_country = country is not None and country.end == len(its)
        return (is_country or names_maker(subject, self._vocabulary)) and not self._fields.has_words(query)

    def _is_title_alone(self, title: str) -> bool:
        """Whether these words are a well-known title and not a genre: "Jaws", not "horror"."""
        its = [token.word for token in tokenise(title)]
        found = self._vocabulary.find(its, 0)
        return (found is None or found.end < len(its)) and self._titles.is_well_known(its)

    def _sealed(self, tokens: Sequence[Token], keep_as_text: Collection[str]) -> list[bool]:
        """For each word whether it is quoted, kept as text, or in a well-known title of several words."""
        sealed = [token.is_quoted for token in tokens]
        kept = [[token.word for token in tokenise(phrase)] for phrase in keep_as_text]
        runs = [
            (start, start + len(phrase))
            for phrase in kept
            for start in range(len(tokens) - len(phrase) + 1)
            if [token.word for token in tokens[start : start + len(phrase)]] == phrase
        ]
        for start, end in (*runs, *self._titles.runs(tokens)):
            sealed[start:end] = [True] * (end - start)
        return sealed

    def _is_title(self, text: str, words: Words, is_title: Callable[[str], bool]) -> bool:
        """Whether the whole query is a title; a single word for a genre must be a well-known one."""
        if not is_title(text):
            return False
        found = self._vocabulary.find(words.plain, 0)
        if found is None or found.end < len(words):
            return True
        return self._titles.is_well_known([token.word for token in words.tokens])

    def _without_repetition(self, one: Candidate, conditions: Sequence[Candidate]) -> Candidate:
        """An adjective asks for nothing where a number says it more exactly: ``short anime under 13 episodes``."""
        if one.role != "attribute" or len(one.parts) != 1 or self._fields[one.parts[0].field].kind != "number":
            return one
        is_said = any(
            other.role == "explicit" and [part.field for part in other.parts] == [one.parts[0].field]
            for other in conditions
        )
        return replace(one, parts=()) if is_said else one

    def _counts_episodes_of_films(self, one: Candidate, conditions: Sequence[Candidate]) -> bool:
        """Whether an adjective of length counts the episodes of a kind of items that have one each: "long movies"."""
        episodes = self._columns.numbers.get("episodes")
        if episodes is None or one.role != "attribute" or [part.field for part in one.parts] != [episodes.name]:
            return False
        for kind in conditions:
            if kind.role == "kind" and kind.parts:
                counts = episodes.numbers[self._fields.any_of(kind.parts[0].field, kind.parts[0].terms)]
                if np.count_nonzero(counts == 1) > _MOSTLY_SINGLE * np.count_nonzero(counts > 0):
                    return True
        return False

    def _are_together(self, one: Candidate, other: Candidate) -> bool:
        """Whether an item fits two conditions on one column."""
        name = one.parts[0].field
        if self._fields[name].kind == "text":
            return False
        masks = [self._fields.any_of(name, each.parts[0].terms) for each in (one, other)]
        return bool(np.any(masks[0] & masks[1]))

    def _add(self, found: Findings, one: Candidate) -> None:
        """Add a candidate as a condition, an order or a word that asks for nothing; what fits no item stays text."""
        if one.order is not None:
            found.sort(one.start, one.end, one.order)
        elif one.role == "compound":
            return
        elif not one.parts:
            found.drop(one.start, one.end)
        elif filters := self._filters(one.parts, one.negated):
            found.demand(one.start, one.end, filters, is_kept=one.is_kept and not one.negated)

    def _fits(self, field: str, term: str) -> bool:
        """Whether an item has a value; of a list, the others still count: "from the 70s, 80s or 90s"."""
        try:
            self._fields[field].term(term)
        except WrongTermError:
            return False
        return True

    def _filters(self, parts: Iterable[Part], is_negated: bool) -> tuple[Filter, ...]:
        """The filters as if they had been typed; empty if one of them fits no item."""
        filters: list[Filter] = []
        for field, terms in parts:
            fitting = terms if len(terms) == 1 else [term for term in terms if self._fits(field, term)]
            line = f"{'-' * is_negated}{field}:{','.join(map(quoted, fitting))}"
            parsed = parse(line, self._fields)
            if parsed.text or parsed.problems:
                return ()
            filters += parsed.filters
        if len(filters) > 1 and not np.any(mask(filters, self._fields)):
            return ()  # "anime", in a catalogue that has animation and films in Japanese, but no animation in Japanese
        return tuple(filters)


def _is_lone(conditions: Sequence[Candidate], tokens: Sequence[Token]) -> bool:
    """Whether the query is a word that is rather a subject than a genre, such as "samurai", or a noun for all items.

    An adjective of age is no condition by itself either: "silent" may be the beginning of a title.
    """
    if len(conditions) != 1 or conditions[0].end - conditions[0].start != len(tokens):
        return False
    return conditions[0].role in ("subject", "noun") or " ".join(token.word for token in tokens) in AGES


def _with_one_part(excluded: Candidate, conditions: Sequence[Candidate]) -> Candidate:
    """What is excluded, of which one filter at most excludes: "no anime", where anime is animation in Japanese.

    An item is left out only if it is all of it, which no filters say; each filter by itself would leave out more. The
    first one counts that no condition asks for: "japanese films, no anime" are no animation. Of several names each one
    is left out.
    """
    if len(excluded.parts) < 2 or excluded.is_origin:
        return excluded
    asked = {part for one in conditions if not one.negated for part in one.parts}
    left = [part for part in excluded.parts if part not in asked]
    return replace(excluded, parts=tuple(left or excluded.parts)[:1])
