"""Facets: how many of the found items have each genre, kind, decade, rating, language or country."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.data.results import Facet, FacetValue
from engine.search.filters.columns import LANGUAGE_NAMES, Field, NumberField, TextField, quoted

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

Rows = npt.NDArray[np.int64]

#: The fields that make facets, in their order, and how each is shown. A catalogue has some of them.
_LABELS: Mapping[str, str] = {
    "genre": "Genre",
    "type": "Kind",
    "year": "Decade",
    "rating": "Rating",
    "language": "Language",
    "country": "Country",
    "countries": "Country",
    "production_countries": "Country",
    "status": "Status",
    "source": "Source",
    "studio": "Studio",
    "studios": "Studio",
    "brand": "Brand",
    "category": "Category",
    "categories": "Category",
    "platform": "Platform",
}
#: A column with more distinct values than this is no facet: it names things rather than sorting them into groups.
_MOST_VALUES = 1_000
#: The highest ratings of usual scales, and the bounds that are offered, as parts of them.
_SCALES, _BOUNDS = (5, 10, 100), (0.9, 0.8, 0.7, 0.6)


def facets(fields: Fields, rows: Rows, *, filtered: Collection[str] = (), limit: int = 8) -> tuple[Facet, ...]:
    """Count the values of the fields with few values among the given items.

    Parameters
    ----------
    fields
        The fields of the catalogue.
    rows
        The rows of the found items in the catalogue, shape (num_found,), without repetition.
    filtered
        The names of fields that are filtered by. They are facets even if all items have the same value, so that the
        filter can be removed where it was set.
    limit
        The maximum number of values of a facet; the most frequent ones are kept.

    Returns
    -------
    tuple of Facet
        Facets that divide the items, in a fixed order. A rating counts by lower bounds, a year by decades.
    """
    made = []
    for name, label in _LABELS.items():
        if name not in fields.names:
            continue
        values = _values(fields[name], rows, limit)
        informative = any(value.count < len(rows) for value in values)
        if values and (informative or name in filtered):
            made.append(Facet(name, label, tuple(values), exclusive=fields[name].kind != "list"))
    return tuple(made)


def _values(field: Field, rows: Rows, limit: int) -> list[FacetValue]:
    if isinstance(field, NumberField):
        if field.name == "year" and field.kind == "number":
            return _decades(field, rows, limit)
        return _bounds(field, rows) if field.name == "rating" and field.kind == "number" else []
    if isinstance(field, TextField) and not field.is_free and len(field.values) <= _MOST_VALUES:
        return _texts(field, rows, limit)
    return []


def _texts(field: TextField, rows: Rows, limit: int) -> list[FacetValue]:
    """The most frequent values, of which an item may have several."""
    found = np.zeros(field.num_items, dtype=bool)
    found[rows] = True
    counts = np.bincount(field.codes[found[field.rows]], minlength=len(field.values))
    order = np.argsort(-counts, kind="stable")[: limit + 1]
    texts = ((field.values[one], int(counts[one])) for one in order if counts[one])
    names = LANGUAGE_NAMES if field.name == "language" else {}
    return [
        _value(field.name, text, names.get(text) or " ".join(text.split()), number)
        for text, number in texts
        if text.strip()
    ][:limit]


def _decades(field: NumberField, rows: Rows, limit: int) -> list[FacetValue]:
    """The most frequent decades, the latest first."""
    years = field.numbers[rows]
    counts = np.bincount((years[(years >= 1000) & (years < 10_000)] // 10).astype(np.int64))
    kept = np.argsort(-counts, kind="stable")[:limit]
    decades = sorted((int(one) for one in kept if counts[one]), reverse=True)
    return [_value(field.name, f"{one}0s", f"{one}0s", int(counts[one])) for one in decades]


def _bounds(field: NumberField, rows: Rows) -> list[FacetValue]:
    """How many items are rated at least so high, for a scale of 5, 10 or 100."""
    highest = float(np.nanmax(field.numbers, initial=0.0))
    scale = next((one for one in _SCALES if highest <= one), None)
    if scale is None:
        return []
    ratings = field.numbers[rows]
    counted = ((scale * part, int(np.count_nonzero(ratings >= scale * part))) for part in _BOUNDS)
    return [_value(field.name, f">={bound:g}", f"≥ {bound:g}", number) for bound, number in counted if number]


def _value(name: str, term: str, label: str, number: int) -> FacetValue:
    return FacetValue(term, label, number, f"{name}:{quoted(term)}")
