"""Filters in a line that somebody types: ``heist genre:crime -genre:comedy year:1990..1999``.

A filter is a field, a colon and a value, without a space between; a value with spaces stands in quotes, and a minus
before the field excludes. What is meant by several is what GitHub's issue search means:

- different fields must all hold;
- of a field that has one value for each item (a type, a year) any of the values will do, while all bounds must hold;
- of a field that has several values for each item (genres) all must be there;
- ``genre:comedy,romance`` is either;
- what is excluded is left out in any case; an item of which a value is unknown is never excluded by it.

Only known fields are filters. Another ``word:value`` is text if a title has these words side by side ("Re:Zero"), and
else a problem to be explained; in quotes it is text whatever it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import OptionError
from engine.search.filters.columns import Mask, WrongTermError, listed, quoted
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

_TOKEN = re.compile(
    r"""(?<!\S)(?:
        "[^"]*"(?!\S)                                       # text, whatever it looks like
        | (?P<minus>-?)(?P<name>[^\W\d_][\w-]{0,40}):(?P<value>(?:"[^"]*(?:"|$)|[^\s"])*)
    )""",
    re.VERBOSE,
)
_TERM = re.compile(r'(?:"[^"]*(?:"|$)|[^,"])+')


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; ``str`` gives it as it is typed.

    Attributes
    ----------
    field
        A name that :class:`engine.search.filters.fields.Fields` knows.
    terms
        Values of which one must hold: ``("Comedy", "Romance")``, ``(">=2010",)``, ``("1990..1999",)``.
    negated
        Whether none of them may hold.
    label
        How it is understood, for people: ``genre: Comedy``, ``not genre: Horror``, ``year: 1990–1999``, ``rating ≥ 8``.
    """

    field: str
    terms: tuple[str, ...]
    negated: bool = False
    label: str = attribute(default="", compare=False)

    def __str__(self) -> str:
        return f"{'-' * self.negated}{self.field}:{','.join(quoted(term) for term in self.terms)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be understood in a line.

    Attributes
    ----------
    message
        One plain sentence.
    start, end
        The part of the line that is wrong.
    suggestions
        What could stand there instead, best first.
    """

    message: str
    start: int
    end: int
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line that is no text: a filter, or with a problem one that would like to be."""

    start: int
    end: int
    filter: Filter | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A line taken apart.

    Attributes
    ----------
    text
        What to search for; without filters the line as it was typed.
    filters
        In the order of the line.
    problems
        What cannot be understood; it is neither in ``text`` nor in ``filters``.
    spans
        Where they are, in the order of the line.
    """

    text: str
    filters: tuple[Filter, ...] = ()
    problems: tuple[Problem, ...] = ()
    spans: tuple[Span, ...] = ()

    def require(self) -> None:
        """Raise what is wrong, if anything is.

        Raises
        ------
        OptionError
            With the first problem's sentence.
        """
        if self.problems:
            raise OptionError(self.problems[0].message)


def parse(line: str, fields: Fields) -> ParsedQuery:
    """Take a line apart into text and filters; whatever is typed, this raises nothing.

    Parameters
    ----------
    line
        What was typed.
    fields
        What the catalogue can be filtered by.

    Examples
    --------
    ``heist -genre:comedy year:199x`` gives the text ``heist``, one filter and one problem.
    """
    spans = [span for token in _TOKEN.finditer(line) if (span := _understand(token, line, fields)) is not None]
    text, end = [], 0
    for span in spans:
        text.append(line[end : span.start].strip())
        end = span.end
    text.append(line[end:].strip())
    return ParsedQuery(
        " ".join(filter(None, text)),
        tuple(span.filter for span in spans if span.filter is not None),
        tuple(span.problem for span in spans if span.problem is not None),
        tuple(spans),
    )


def mask(filters: Iterable[Filter], fields: Fields) -> Mask | None:
    """Which items fit all of the filters, shape (num_items,); None if there are none.

    Raises
    ------
    OptionError
        If a filter names no field, or a value that the field does not understand.
    """
    filters = list(filters)
    if not filters:
        return None
    parts: list[Mask] = []
    wanted: dict[str, list[Filter]] = {}
    try:
        for one in filters:
            name = fields.resolve(one.field)
            if name is None or not one.terms:
                raise OptionError(_no_field(one.field, fields)[0] if name is None else f"{name}: needs a value.")
            if one.negated:
                parts.append(~fields.any_of(name, one.terms))
            else:
                wanted.setdefault(name, []).append(one)
        for name, its_filters in wanted.items():
            choices: list[Mask] = []
            for one in its_filters:
                fits = fields.any_of(name, one.terms)
                bound = all(fields[name].term(term).one_sided for term in one.terms)
                (parts if bound or fields[name].kind == "list" else choices).append(fits)
            if choices:
                parts.append(reduce(np.logical_or, choices))
    except WrongTermError as error:
        raise OptionError(str(error)) from error
    return reduce(np.logical_and, parts)


def require_filters(filters: str | Sequence[Filter], fields: Fields) -> tuple[Filter, ...]:
    """Filters, also as a line of nothing else.

    Raises
    ------
    OptionError
        If something in the line is no filter, or not understood.
    """
    if not isinstance(filters, str):
        return tuple(filters)
    parsed = parse(filters, fields)
    parsed.require()
    if parsed.text:
        raise OptionError(f"{parsed.text!r} is no filter: one looks like genre:comedy or year:1990..1999.")
    return parsed.filters


def split_terms(value: str) -> list[tuple[int, str]]:
    """The values between the commas, without their quotes, and where each begins."""
    return [(found.start(), found[0].replace('"', "").strip()) for found in _TERM.finditer(value)]


def _understand(token: re.Match[str], line: str, fields: Fields) -> Span | None:
    """The filter or the problem that a token is; None if it is text."""
    typed, value = token["name"], token["value"]
    if typed is None:
        return None
    start, end = token.span()
    name = fields.resolve(typed)
    if name is None:
        # An address, a smiley, a title.
        if not words(value) or value.startswith(("/", ":")) or fields.has_words(f"{typed} {value}"):
            return None
        message, nearest = _no_field(typed, fields)
        problem = Problem(message, token.start("name"), token.end("name"), nearest)
        return Span(start, end, problem=problem)
    if not value and end < len(line):
        return None  # as in "title: subtitle"
    terms, labels, bound = [], [], False
    for offset, text in split_terms(value) or [(0, "")]:
        at = token.start("value") + offset
        try:
            if not text:
                raise WrongTermError(f"{name}: needs a value.")
            term = fields[name].term(text)
        except WrongTermError as error:
            suggestions = tuple(quoted(one) for one in error.suggestions)
            length = next((found.end() - found.start() for found in _TERM.finditer(value, offset)), 0)
            return Span(start, end, problem=Problem(str(error), at, at + length, suggestions))
        terms.append(term.text)
        labels.append(term.label)
        bound = term.one_sided
    label = f"{name} {labels[0]}" if bound and len(labels) == 1 else f"{name}: {' or '.join(labels)}"
    negated = bool(token["minus"])
    return Span(start, end, Filter(name, tuple(terms), negated, f"{'not ' * negated}{label}"))


def _no_field(typed: str, fields: Fields) -> tuple[str, tuple[str, ...]]:
    """What to say of a name that is no field, and the fields that are written most like it."""
    from rapidfuzz.distance import OSA

    likeness = {name: OSA.normalized_similarity(typed.lower(), name) for name in fields.names}
    nearest = tuple(sorted((name for name in likeness if likeness[name] >= 0.5), key=lambda name: -likeness[name])[:3])
    known = [name for name in fields.names if name != "text"]
    if nearest:
        return f"There is no field {typed!r} to filter by: perhaps {listed(nearest)}?", nearest
    return f"There is no field {typed!r} to filter by: there are {', '.join(known)}; words in quotes are text.", ()
