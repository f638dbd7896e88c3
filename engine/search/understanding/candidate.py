"""Words of a query that may be a condition, and what their role in the query must be for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from engine.search.filters.orders import Order

#: What words that may be a condition are in a query:
#:
#: - ``explicit``: nothing but a condition, such as ``before 1960``;
#: - ``year``: a year without a word that says so; beside other words, it needs an item of this year with such a title;
#: - ``genre``: a noun for a genre; it is a subject right before another noun (``comedy club``);
#: - ``adjective``: an adjective of a genre, which needs a noun for items or another genre behind it;
#: - ``subject``: a genre that is more often a subject (``war``); it needs a noun for items or a genre behind it;
#: - ``attribute``: an adjective of items (``french``, ``popular``), which needs one as well;
#: - ``compound``: a genre that no column has, such as "black comedy"; its words are searched for;
#: - ``kind``: a noun for some of the items (``series``); ``noun``: a noun for all of them (``films``).
Role = Literal["explicit", "year", "genre", "adjective", "subject", "attribute", "compound", "kind", "noun"]


class Part(NamedTuple):
    """A filter to be: the name of a field, and values of which one must match."""

    field: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may be a condition.

    Attributes
    ----------
    start, end
        The places of the first word and behind the last one among the words of the query.
    role
        What the words are in the query; see :data:`Role`.
    parts
        The filters that they would be.
    negated
        Whether the filters exclude.
    order
        The order that the words ask for.
    reach
        For an attribute, how many other words may stand between it and the noun that it describes.
    is_origin
        Whether the words say who made an item or where: ``directed by hitchcock``, ``from italy``.
    commas
        The places of words that a comma of a list separates from the word before: ``from italy, france or spain``.
    is_kept
        Whether the words are searched for as well, since the filters say less than they do.
    """

    start: int
    end: int
    role: Role
    parts: tuple[Part, ...] = ()
    negated: bool = False
    order: Order | None = None
    reach: int = 0
    is_origin: bool = False
    commas: frozenset[int] = frozenset()
    is_kept: bool = False

    @property
    def is_head(self) -> bool:
        """Whether the words are a noun that others can describe."""
        return self.role in ("genre", "compound", "kind", "noun")

    def joined(self, other: Candidate) -> Candidate:
        """One candidate of two that each have one part on the same field, which either fits."""
        terms = (*self.parts[0].terms, *other.parts[0].terms)
        part = Part(self.parts[0].field, tuple(dict.fromkeys(terms)))
        return replace(self, end=other.end, parts=(part,))

    def at(self, start: int, end: int) -> Candidate:
        """The same candidate for other words."""
        return replace(self, start=start, end=end)
