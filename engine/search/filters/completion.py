"""How a half-typed filter may go on: names of fields, and their values with how many items have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from engine.errors import OptionError
from engine.search.filters.columns import Mask, NumberField, TextField, quoted
from engine.search.filters.fields import Fields
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
    """One way to go on.

    Attributes
    ----------
    text
        Takes the place of ``line[start:end]``.
    label
        What to show.
    count
        How many items it leaves, with what else is filtered by in the line; None for a field.
    start, end
        The part of the line that it replaces.
    """

    text: str
    label: str
    count: int | None
    start: int
    end: int


def complete_filter(line: str, cursor: int, fields: Fields, limit: int = 8) -> list[Completion]:
    """What may be meant by the word before the cursor, likely ones first.

    After a field and its colon these are values that begin so, then values with a word that begins so, each kind with
    the most frequent first, and for numbers some useful ranges. A word without a colon may become a field.

    Parameters
    ----------
    line
        What was typed.
    cursor
        Where in the line, from 0.
    fields
        What the catalogue can be filtered by.
    limit
        How many at most.
    """
    before = line[:cursor]
    if typed := _VALUE.search(before):
        name = fields.resolve(typed["name"])
        if name is None:
            return []
        start, rest = typed.start("part"), _REST.match(line, cursor)
        end = cursor if rest is None else rest.end()
        others = _others(f"{line[: typed.start()]} {line[end:]}", fields)
        values = _values(name, typed["part"].removeprefix('"'), fields, others)
        return [Completion(text, label, count, start, end) for text, label, count in islice(values, limit)]
    if typed := _NAME.search(before):
        part = "_".join(words(typed["part"]))
        names = [name for name in fields.names if name.startswith(part)]
        return [Completion(f"{name}:", name, None, typed.start("part"), cursor) for name in names[:limit]]
    return []


def _others(line: str, fields: Fields) -> Mask | None:
    """Which items fit the other filters of the line."""
    try:
        return mask(parse(line, fields).filters, fields)
    except OptionError:
        return None


def _values(name: str, part: str, fields: Fields, others: Mask | None) -> Iterator[tuple[str, str, int]]:
    """Text, label and count of each value that begins like ``part``."""
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
                if field.is_free:  # others have these words, too
                    fits = field.mask(value)
                    count = int(np.count_nonzero(fits if others is None else fits & others))
                yield quoted(value), value, count


def _ranges(field: NumberField, part: str) -> list[str]:
    """Useful ranges of a field's numbers that begin like ``part``."""
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
    """A number of two digits or so: what somebody would type."""
    return np.format_float_positional(float(f"{number:.2g}"), trim="-")
