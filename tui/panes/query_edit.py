"""Changes of a query line that keys and lists make: filters are added and removed, and the order is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.data.results import Facet, FacetValue
    from engine.session import ParsedQuery


def is_set(parsed: ParsedQuery, value: FacetValue) -> bool:
    """Whether a line has the filter on a value of a facet."""
    return any(str(one) == value.condition for one in parsed.filters)


def toggled(line: str, parsed: ParsedQuery, facet: Facet, value: FacetValue) -> str:
    """A line with the filter on a value of a facet added, or removed if it is there.

    Parameters
    ----------
    line, parsed
        The line, and the same line parsed.
    facet, value
        The facet and one of its values. Where an item has at most one of the values, the filter takes the place of
        another one on the same field.
    """
    spans = [span for span in parsed.spans if span.filter is not None]
    same = [span for span in spans if str(span.filter) == value.condition]
    if same:
        for span in reversed(same):
            line = _without(line, span.start, span.end)
        return line
    others = [span for span in spans if span.filter and span.filter.field == facet.field and not span.filter.negated]
    if facet.exclusive and others:
        return line[: others[0].start] + value.condition + line[others[0].end :]
    return with_filter(line, value.condition)


def with_filter(line: str, condition: str) -> str:
    """A line with a further filter at its end, unless it has it already."""
    return line if f" {condition} " in f" {line} " else f"{line.rstrip()} {condition}".lstrip()


def with_order(line: str, parsed: ParsedQuery, order: str) -> str:
    """A line with another order of its results; relevance is what a line without an order has."""
    term = "" if order == "relevance" else f"sort:{order}"
    for span in parsed.spans:
        if span.order is not None:
            return line[: span.start] + term + line[span.end :] if term else _without(line, span.start, span.end)
    return with_filter(line, term) if term else line


def without_phrase(line: str, phrase: str) -> str:
    """A line without the first occurrence of a phrase, in any case; the line itself if it has none."""
    place = line.casefold().find(phrase.casefold()) if len(line) == len(line.casefold()) else line.find(phrase)
    return line if place < 0 else _without(line, place, place + len(phrase))


def _without(line: str, start: int, end: int) -> str:
    before, after = line[:start].rstrip(), line[end:].lstrip()
    return f"{before} {after}".strip()
