"""What was read from a query: words to search for, conditions, subjects to avoid, an item to start from, an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.results import Understood
from engine.search.filters.orders import ORDERS, SORT, Order

if TYPE_CHECKING:
    from engine.search.filters.parser import Filter


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a query.

    Attributes
    ----------
    typed
        The words as they were typed.
    start, end
        Their place in the text.
    """

    typed: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Condition(Phrase):
    """Words that were understood as filters.

    Attributes
    ----------
    typed, start, end
        See :class:`Phrase`.
    filters
        The filters, as if they had been typed; all must hold. Most conditions have one.
    """

    filters: tuple[Filter, ...]

    @property
    def label(self) -> str:
        """The condition in words, for users: ``year < 1960``."""
        return ", ".join(one.label for one in self.filters)

    @property
    def understood(self) -> Understood:
        """The condition as an answer tells it."""
        return Understood(self.typed, self.label, " ".join(map(str, self.filters)))


@dataclass(frozen=True, slots=True)
class Exclusion(Phrase):
    """Words that exclude a subject for which the catalogue has no value: ``without zombies``.

    Attributes
    ----------
    typed, start, end
        See :class:`Phrase`.
    subject
        The subject: ``zombies``.
    """

    subject: str

    @property
    def understood(self) -> Understood:
        """The exclusion as an answer tells it; it is typed in words, since no filter means the same."""
        return Understood(self.typed, f"without: {self.subject}", f"without {self.subject}")


@dataclass(frozen=True, slots=True)
class Ordering(Phrase):
    """Words that ask for an order: ``in chronological order``.

    Attributes
    ----------
    typed, start, end
        See :class:`Phrase`.
    order
        The order; see :mod:`engine.search.filters.orders`.
    """

    order: Order


@dataclass(frozen=True, slots=True)
class Moved(Phrase):
    """An item that results should resemble, moved by other words: ``like Alien but funny``.

    Attributes
    ----------
    typed, start, end
        See :class:`Phrase`; the words that name the item: ``like Alien but``.
    title
        The title as it was typed: ``Alien``.
    words
        The words that move it: ``funny``. They are the text of the reading and may be empty.
    """

    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A query taken apart.

    Attributes
    ----------
    text
        The words left to search for. If nothing was understood, it is the text as it was given.
    conditions
        What must hold of each result, in the order of the text.
    exclusions
        Subjects that results should not be about, and that are no value of any column.
    moved
        The item that results should resemble; None if the query names none.
    ordering
        The words that ask for an order; None if there are none.
    dropped
        Words that ask for nothing in this catalogue, such as ``films`` in a catalogue of films.
    """

    text: str
    conditions: tuple[Condition, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    moved: Moved | None = None
    ordering: Ordering | None = None
    dropped: tuple[str, ...] = ()

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters of all conditions."""
        return tuple(one for condition in self.conditions for one in condition.filters)

    @property
    def without(self) -> tuple[str, ...]:
        """The subjects of all exclusions."""
        return tuple(one.subject for one in self.exclusions)

    @property
    def order(self) -> Order | None:
        """The order of the results; None if the query asks for none."""
        return None if self.ordering is None else self.ordering.order

    @property
    def understood(self) -> tuple[Understood, ...]:
        """The conditions and excluded subjects in the order of the text, then the order, as an answer tells them."""
        parts: list[Condition | Exclusion] = [*self.conditions, *self.exclusions]
        told = [one.understood for one in sorted(parts, key=lambda one: one.start)]
        if self.ordering is not None:
            order = self.ordering.order
            told.append(Understood(self.ordering.typed, f"{SORT}: {ORDERS[order]}", f"{SORT}:{order}"))
        return tuple(told)
