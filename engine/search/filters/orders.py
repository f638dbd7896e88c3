"""The orders in which results can be sorted, such as ``sort:year``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from engine.errors import abridged
from engine.search.filters.columns import WrongTermError, listed
from engine.text.normalize import words

if TYPE_CHECKING:
    from engine.search.filters.fields import Fields

Order = Literal["relevance", "year", "newest", "rating", "popularity"]

#: The name that is typed before the colon, unless the catalogue has a column of this name.
SORT = "sort"
#: The descriptions of the orders, for users.
ORDERS: Mapping[Order, str] = {
    "relevance": "best match first",
    "year": "oldest first",
    "newest": "newest first",
    "rating": "best rated first",
    "popularity": "best known first",
}
#: The fields of which a catalogue needs one, for the orders that need a field.
_NEEDED: Mapping[Order, tuple[str, ...]] = {
    "year": ("year", "date"),
    "newest": ("year", "date"),
    "rating": ("rating",),
}


def orders_of(fields: Fields) -> tuple[Order, ...]:
    """The orders that a catalogue has the columns for."""
    return tuple(
        order for order in ORDERS if order not in _NEEDED or any(name in fields.names for name in _NEEDED[order])
    )


def order_of(typed: str, fields: Fields) -> Order:
    """The order with a typed name.

    Raises
    ------
    WrongTermError
        If there is no such order, or the catalogue has no column for it.
    """
    from rapidfuzz.distance import OSA

    possible = orders_of(fields)
    name = "".join(words(typed))
    for order in possible:
        if order == name:
            return order
    if any(order == name for order in ORDERS):
        raise WrongTermError(f"{SORT}:{name} needs a column that this catalogue does not have.", possible)
    nearest = tuple(sorted(possible, key=lambda order: -OSA.normalized_similarity(name, order)))
    if not name:
        raise WrongTermError(f"{SORT}: needs an order: {listed(possible)}.", possible)
    raise WrongTermError(abridged(f"There is no order {typed!r} to sort by: there are {listed(possible)}."), nearest)
