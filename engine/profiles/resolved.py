"""A profile as seen from one data set: which entry is about which of its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.data.history import History, Timeline
from engine.profiles.matching import EntryMatcher
from engine.profiles.profile import Entry, Profile


@dataclass(frozen=True, slots=True)
class Resolved:
    """A profile whose entries were looked for in a data set.

    Attributes
    ----------
    profile
        The profile.
    items
        For each entry the internal id of its item; None where the data set has none.
    positions
        Internal id -> the position of the entry about it; the later one of two.
    """

    profile: Profile
    items: tuple[int | None, ...]
    positions: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: Profile, matcher: EntryMatcher) -> Resolved:
        """Look for the entries of a profile."""
        items = tuple(one.item for one in matcher.match(profile.entries))
        return cls(profile, items, {item: place for place, item in enumerate(items) if item is not None})

    def entry(self, item: int) -> Entry | None:
        """The entry about an item."""
        place = self.positions.get(item)
        return None if place is None else self.profile.entries[place]

    def history(self, rating_range: tuple[float, float] | None) -> History:
        """What was rated or seen, in the order of the entries; ratings only if the data set has any."""
        seen = [
            (item, entry)
            for item, place in self.positions.items()
            if (entry := self.profile.entries[place]).status in ("rated", "seen")
        ]
        items = np.array([item for item, _ in seen], dtype=np.int64)
        if rating_range is None:
            return History(items, None)
        ratings = [np.nan if (rating := entry.rating_on(rating_range)) is None else rating for _, entry in seen]
        return History(items, np.array(ratings, dtype=np.float32))

    def timeline(self) -> Timeline:
        """The items that were rated or seen, oldest first; those without a date come first, in their order."""
        timed = [
            (entry.time or 0, place, item)
            for item, place in self.positions.items()
            if (entry := self.profile.entries[place]).status in ("rated", "seen")
        ]
        ordered = sorted(timed)
        return Timeline(tuple(item for _, _, item in ordered), tuple(time or None for time, _, _ in ordered))

    def excluded(self) -> list[int]:
        """The items that must not be recommended: those that were rated, seen, or are not wanted."""
        return [item for item, place in self.positions.items() if self.profile.entries[place].status != "watchlist"]
