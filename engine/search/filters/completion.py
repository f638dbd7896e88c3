"""Completion of half-typed filters: names of fields, and values with their counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from engine.errors import OptionError
from engine.search.filters.columns import Mask, NumberField, TextField, quoted
from engine.search.filters.fields import Fields
from engine.search.filters.orders import ORDERS, SORT, orders_of
from engine.search.filters.parser import mask, parse
from engine.text.normalize import words

_VALUE = re.compile(
    r"""(?<!\S)-?(?P<name>[^\W\d_][\w-]*):(?P<before>(?:"[^"]*",|[^\s",]*,)*)(?P<part>"[^"]*|[^\s",]*)$""", re.VERBOSE
)
_NAME = re.compile(r"(?<!\S)-?(?P<part>[^\W\d_][\w-]*)$")
_REST = re.compile(r'[^\s",]*"?')
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion of a filter.

    Attributes
    ----------
    text
        The text that replaces ``line[start:end]``.
    label
        The text to show.
    count
        The number of items that match this value and all other filters of the line; None for the name of a field. An
        order leaves no item out.
    start, end
        The part of the line that is replaced.
    """

    text: str
    label: str
    count: int | None
    start: int
    end: int


def complete_filter(line: str, cursor: int, fields: Fields, limit: int = 8) -> list[Completion]:
    """Completions of the word before the cursor, the most likely first.

    After the name of a field and a colon, the completions are values with the typed prefix, then values that contain a
    word with this prefix, the most frequent first; a field of numbers offers useful ranges. A word without a colon is
    completed to names of fields. After ``sort:`` the completions are the orders that the catalogue has columns for.

    Parameters
    ----------
    line
        The typed line.
    cursor
        The position of the cursor in the line, from 0.
    fields
        The fields of the catalogue.
    limit
        The maximum number of completions.
    """
    before = line[:cursor]
    if typed := _VALUE.search(before):
        name = fields.resolve(typed["name"])
        sorts = name is None and typed["name"].lower() == SORT
        if name is None and not sorts:
            return []
        start, rest = typed.start("part"), _REST.match(line, cursor)
        end = cursor if rest is None else rest.end()
        others = _others(f"{line[: typed.start()]} {line[end:]}", fields)
        part = typed["part"].removeprefix('"')
        values = _orders(part, fields, others) if name is None else _values(name, part, fields, others)
        return [Completion(text, label, count, start, end) for text, label, count in islice(values, limit)]
    if typed := _NAME.search(before):
        part = "_".join(words(typed["part"]))
        known = fields.names if fields.resolve(SORT) else (*fields.names, SORT)
        names = [name for name in known if name.startswith(part)]
        # The name that a field has in the source is offered where it is typed, and the field is not listed already.
        names += [one for one in fields.aliases if part and one.startswith(part) and fields.resolve(one) not in names]
        return [Completion(f"{name}:", name, None, typed.start("part"), cursor) for name in names[:limit]]
    return []


def _others(line: str, fields: Fields) -> Mask | None:
    """A mask of the items that match the other filters of the line; None if there are none or one is invalid."""
    try:
        return mask(parse(line, fields).filters, fields)
    except OptionError:
        return None


def _orders(part: str, fields: Fields, others: Mask | None) -> Iterator[tuple[str, str, int]]:
    """The text, label and count of each order that begins with ``part``."""
    count = fields.num_items if others is None else int(np.count_nonzero(others))
    for order in orders_of(fields):
        if order.startswith(part.lower()):
            yield order, f"{order} · {ORDERS[order]}", count


def _values(name: str, part: str, fields: Fields, others: Mask | None) -> Iterator[tuple[str, str, int]]:
    """The text, label and count of each value that matches ``part``, the most likely first."""
    field = fields[name]
    if isinstance(field, NumberField):
        for text in _ranges(field, part):
            fits = field.mask(text)
            number = int(np.count_nonzero(fits if others is None else fits & others))
            if number:
                yield text, field.term(text).label, number
    elif isinstance(field, TextField):
        codes = field.codes if others is None else field.codes[others[field.rows]]
        counts = np.bincount(codes, minlength=len(field.values))
        typed = " ".join(words(part))
        begins = [number for number, folded in enumerate(field.folded) if folded.startswith(f" {typed}")]
        has = [number for number, folded in enumerate(field.folded) if f" {typed}" in folded] if typed else []
        for number in dict.fromkeys(
            [*sorted(begins, key=lambda one: -counts[one]), *sorted(has, key=lambda one: -counts[one])]
        ):
            value = field.values[number]
            if counts[number] and value.strip() and len(value) <= _LONGEST_VALUE:
                count = int(counts[number])
                if field.is_free:  # other values may contain these words as well
                    fits = field.mask(value)
                    count = int(np.count_nonzero(fits if others is None else fits & others))
                yield quoted(value), value, count


def _ranges(field: NumberField, part: str) -> list[str]:
    """Useful ranges of a field's numbers whose text begins with ``part``."""
    known = field.numbers[~np.isnan(field.numbers)]
    if not len(known):
        return []
    if field.name == "year" or field.kind == "date":
        years = (known if field.kind == "number" else known // 10_000).astype(np.int64)
        decades = np.unique(years // 10)[::-1].tolist()
        ranges = [f"{decade}0..{decade}9" for decade in decades]
        ranges[:0] = [f">={decade}0" for decade in decades[:2]]
        if re.fullmatch(r"\d{4}", part):
            ranges.insert(0, part)
    else:
        ends = dict.fromkeys(_rounded(end) for end in np.quantile(known, [0.9, 0.75, 0.5, 0.25]))
        ranges = [f">={end}" for end in ends] + [f"<={end}" for end in ends]
    return [one for one in ranges if one.startswith(part)]


def _rounded(number: float) -> str:
    """A number rounded to two significant digits, as a user would type it."""
    return np.format_float_positional(float(f"{number:.2g}"), trim="-")
