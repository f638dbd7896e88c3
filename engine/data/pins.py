"""The items that a person pinned or hid in the searches of a data set."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.data.id_map import ExternalId
from engine.data.results import Mark


@dataclass(frozen=True, slots=True)
class Pins:
    """The ids of pinned and hidden items, each in the order in which they were marked.

    Attributes
    ----------
    pinned
        Items that come first wherever a search finds them.
    hidden
        Items that no search finds.
    """

    pinned: tuple[ExternalId, ...] = ()
    hidden: tuple[ExternalId, ...] = ()

    def mark_of(self, item: ExternalId) -> Mark:
        """How an item is marked."""
        return "pinned" if item in self.pinned else "hidden" if item in self.hidden else ""

    def marked(self, item: ExternalId, mark: Mark) -> Pins:
        """The same with one item marked in another way."""
        rest = replace(
            self,
            pinned=tuple(one for one in self.pinned if one != item),
            hidden=tuple(one for one in self.hidden if one != item),
        )
        if mark == "pinned":
            return replace(rest, pinned=(*rest.pinned, item))
        if mark == "hidden":
            return replace(rest, hidden=(*rest.hidden, item))
        return rest
