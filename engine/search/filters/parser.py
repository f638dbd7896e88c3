"""Parser of query lines with filters, such as ``heist genre:crime year:1990..1999``.

A filter is the name of a field, a colon and a value, without spaces between them. A value with spaces must be in
quotes, and a minus before the field excludes the items that match. Several filters combine as in GitHub's issue search:

- Filters on different fields must all match.
- For a field with one value per item (a type, a year), one of the values must match, while all bounds must hold.
- For a field with several values per item (genres), all values must match.
- ``genre:comedy,romance`` matches either value.
- Items that match an excluding filter are always left out; an item whose value is unknown is never excluded.

``sort:year`` is no filter: it sets the order of the results (:mod:`engine.search.filters.orders`).

Only known fields make filters. Any other ``word:value`` is text if a title contains these words in sequence
("Re:Zero"), and otherwise a problem that is reported. Anything in quotes is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import OptionError, abridged
from engine.search.filters.columns import Mask, WrongTermError, listed, quoted
from engine.search.filters.orders import ORDERS, SORT, Order, order_of
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

#: Alternatives that are told in words; of more than the most, the first ones are.
_MOST_LISTED, _LISTED = 6, 4
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
    """One condition on a field; ``str`` returns it as it can be typed.

    Attributes
    ----------
    field
        The name of a field of :class:`engine.search.filters.fields.Fields`.
    terms
        Values of which one must match: ``("Comedy", "Romance")``, ``(">=2010",)``, ``("1990..1999",)``.
    negated
        Whether the filter excludes the items that match.
    label
        A description for users: ``genre: Comedy``, ``not genre: Horror``, ``year: 1990–1999``, ``rating ≥ 8``.
    """

    field: str
    terms: tuple[str, ...]
    negated: bool = False
    label: str = attribute(default="", compare=False)

    def __str__(self) -> str:
        return f"{'-' * self.negated}{self.field}:{','.join(quoted(term) for term in self.terms)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a line that is not a valid filter.

    Attributes
    ----------
    message
        A sentence that says what is wrong.
    start, end
        The invalid part of the line.
    suggestions
        Valid replacements of this part, best first.
    """

    message: str
    start: int
    end: int
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line that is not text: a valid filter, an order or a problem."""

    start: int
    end: int
    filter: Filter | None = None
    problem: Problem | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A parsed query line.

    Attributes
    ----------
    text
        The text to search for: the line without its filters.
    filters
        The filters in the order of the line.
    problems
        The invalid parts of the line, which are in neither ``text`` nor ``filters``.
    spans
        The positions of the filters, the order and the problems, in the order of the line.
    order
        The order of the results, where the line names one.
    """

    text: str
    filters: tuple[Filter, ...] = ()
    problems: tuple[Problem, ...] = ()
    spans: tuple[Span, ...] = ()
    order: Order | None = None

    @property
    def order_label(self) -> str:
        """A description of the order for users; empty if the line names none."""
        return "" if self.order is None else f"{SORT}: {ORDERS[self.order]}"

    def require(self) -> None:
        """Check that the line has no problems.

        Raises
        ------
        OptionError
            If there is a problem; the error has the message of the first one.
        """
        if self.problems:
            raise OptionError(self.problems[0].message)


def parse(line: str, fields: Fields) -> ParsedQuery:
    """Split a line into text and filters. Invalid input is reported in the result and never raises an error.

    Parameters
    ----------
    line
        The typed line.
    fields
        The fields of the catalogue.

    Examples
    --------
    ``heist -genre:comedy year:199x`` gives the text ``heist``, one filter and one problem.
    """
    spans: list[Span] = []
    order: Order | None = None
    for token in _TOKEN.finditer(line):
        span = _parse_token(token, line, fields)
        if span is not None and span.order is not None and order is not None:
            message = f"The line names two orders: {SORT}:{order} and {SORT}:{span.order}; keep one of them."
            span = Span(span.start, span.end, problem=Problem(message, span.start, span.end))
        if span is not None:
            order = span.order or order
            spans.append(span)
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
        order,
    )


def mask(filters: Iterable[Filter], fields: Fields) -> Mask | None:
    """A mask of the items that match all of the filters, shape (num_items,); None if there are no filters.

    Raises
    ------
    OptionError
        If a filter has an unknown field or a value that is not valid for its field.
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
    """The filters of a sequence, or of a line that consists of filters only.

    Raises
    ------
    OptionError
        If the line contains text or an invalid filter.
    """
    if not isinstance(filters, str):
        return tuple(filters)
    parsed = parse(filters, fields)
    parsed.require()
    if parsed.text:
        raise OptionError(f"{parsed.text!r} is no filter: one looks like genre:comedy or year:1990..1999.")
    return parsed.filters


def split_terms(value: str) -> list[tuple[int, str]]:
    """The start and the text, without quotes, of each value in a comma-separated list."""
    return [(found.start(), found[0].replace('"', "").strip()) for found in _TERM.finditer(value)]


def _parse_token(token: re.Match[str], line: str, fields: Fields) -> Span | None:
    """The span of a token that is a filter or a problem; None if the token is text."""
    typed, value = token["name"], token["value"]
    if typed is None:
        return None
    start, end = token.span()
    name = fields.resolve(typed)
    if name is None and typed.lower() == SORT and not (not value and end < len(line)):
        return _parse_order(token, fields)
    if name is None:
        # A URL, an emoticon or a title is text.
        if not words(value) or value.startswith(("/", ":")) or fields.has_words(f"{typed} {value}"):
            return None
        message, nearest = _no_field(typed, fields)
        problem = Problem(abridged(message), token.start("name"), token.end("name"), nearest)
        return Span(start, end, problem=problem)
    if not value and end < len(line):
        return None  # text such as "title: subtitle"
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
            return Span(start, end, problem=Problem(abridged(str(error)), at, at + length, suggestions))
        terms.append(term.text)
        labels.append(term.label)
        bound = term.one_sided
    label = f"{name} {labels[0]}" if bound and len(labels) == 1 else f"{name}: {_listed(labels)}"
    negated = bool(token["minus"])
    return Span(start, end, Filter(name, tuple(terms), negated, f"{'not ' * negated}{label}"))


def _listed(labels: Sequence[str]) -> str:
    """Alternatives in words; those of a region are too many to be read."""
    if len(labels) > _MOST_LISTED:
        return f"{', '.join(labels[:_LISTED])} or {len(labels) - _LISTED} more"
    return " or ".join(labels)


def _parse_order(token: re.Match[str], fields: Fields) -> Span:
    """The span of a token that begins with ``sort:``."""
    start, end = token.span()
    at = token.start("value")
    try:
        if token["minus"]:
            at = start
            raise WrongTermError(f"An order cannot be excluded: {SORT}:{token['value']} has no minus.", (token[0][1:],))
        return Span(start, end, order=order_of(token["value"].replace('"', ""), fields))
    except WrongTermError as error:
        return Span(start, end, problem=Problem(str(error), at, end, error.suggestions))


def _no_field(typed: str, fields: Fields) -> tuple[str, tuple[str, ...]]:
    """The message for an unknown field, and the names of fields with a similar spelling."""
    from rapidfuzz.distance import OSA

    names = (*fields.names, *fields.aliases)
    likeness = {name: OSA.normalized_similarity(typed.lower(), name) for name in names}
    nearest = tuple(sorted((name for name in likeness if likeness[name] >= 0.5), key=lambda name: -likeness[name])[:3])
    known = [name for name in fields.names if name != "text"]
    if nearest:
        return f"There is no field {typed!r} to filter by: perhaps {listed(nearest)}?", nearest
    return f"There is no field {typed!r} to filter by: there are {', '.join(known)}; words in quotes are text.", ()
