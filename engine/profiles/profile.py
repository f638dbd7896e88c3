"""A profile: what one person rated, saw and wants to see, by title, so that it serves every data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.data.written_ratings import FIVE_STARS
from engine.text.normalize import split_year, title_key

#: What a person says about an item: a rating, that it was seen, that it is to be seen, or that it must not be listed.
Status = Literal["rated", "seen", "watchlist", "not-interested"]


@dataclass(frozen=True, slots=True)
class Link:
    """The item of a data set that an entry means.

    Attributes
    ----------
    item_id
        The external id, as text.
    title
        The title of the item when the link was made. A link counts only while the item has this title, since another
        data set of the same name may use the id for another item.
    by_hand
        Whether a person chose the item.
    """

    item_id: str
    title: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person says about one item.

    Attributes
    ----------
    title, year
        The item as the person or the export names it.
    status
        Whether it was rated, only seen, is on the watchlist, or is not wanted.
    rating
        The rating; None unless ``status`` is ``"rated"``.
    highest
        The highest rating of the scale of ``rating``.
    time
        When it was rated or seen, in unix seconds; None if it is not known.
    other_title
        Another title of the item, such as the original one; may be empty.
    source
        Where the entry comes from: a kind of export, or empty for a rating that was typed.
    source_id
        The id in that source.
    links
        Data set -> the item that is meant there.
    lowest
        The lowest rating of the scale if that reaches to 0 or below; None if all its ratings are above 0.
    """

    title: str
    year: int | None = None
    status: Status = "rated"
    rating: float | None = None
    highest: float = FIVE_STARS
    time: int | None = None
    other_title: str = ""
    source: str = ""
    source_id: str = ""
    links: Mapping[str, Link] = field(default_factory=dict)
    lowest: float | None = None

    @property
    def key(self) -> tuple[str, int | None]:
        """What is the same for two entries about one item: the title in any spelling, and the year."""
        title, year = split_year(self.title)
        return title_key(title), self.year or year

    def says_the_same(self, other: Entry) -> bool:
        """Whether another entry has the same status and rating."""
        return self.status == other.status and self.share == other.share

    @property
    def share(self) -> float | None:
        """How far up its scale the rating is, from 0 to 1; None if there is no rating.

        Of a scale whose ratings are all above 0 it is the share of the highest rating.
        """
        if self.rating is None:
            return None
        begin = self.lowest or 0.0
        return (self.rating - begin) / (self.highest - begin)

    @property
    def is_possible(self) -> bool:
        """Whether there is a rating where the status needs one and nowhere else, and it is on its scale."""
        if (self.status == "rated") != (self.rating is not None):
            return False
        if self.lowest is not None and not self.lowest <= 0 < self.highest - self.lowest:
            return False
        return self.rating is None or is_on_scale(self.rating, self.lowest, self.highest)

    def rating_on(self, rating_range: tuple[float, float]) -> float | None:
        """The rating on another scale, as far up that scale as it is on its own, but not below the lowest one.

        Examples
        --------
        >>> Entry("Heat", rating=9, highest=10).rating_on((0.5, 5))
        4.5
        >>> Entry("Heat", rating=4, highest=5).rating_on((-10, 10))
        6.0
        """
        share = self.share
        if share is None or self.rating is None:
            return None
        lowest, highest = rating_range
        if (self.lowest, self.highest) == (lowest, highest):
            return self.rating
        return min(max(lowest, on_scale(share, rating_range)), highest)


def is_on_scale(rating: float, lowest: float | None, highest: float) -> bool:
    """Whether a scale has this rating; without ``lowest``, all its ratings are above 0."""
    return (rating > 0 if lowest is None else lowest <= rating) and rating <= highest


def on_scale(share: float, rating_range: tuple[float, float]) -> float:
    """The rating that is so far up a scale: a share of the highest rating, unless the scale reaches to 0 or below."""
    lowest, highest = rating_range
    begin = min(lowest, 0.0)
    return begin + share * (highest - begin)


@dataclass(frozen=True, slots=True)
class Profile:
    """The entries of one person, in the order in which they were first made.

    Attributes
    ----------
    name
        The name of the profile.
    entries
        The entries, one for each item.
    """

    name: str
    entries: tuple[Entry, ...] = ()

    def with_entry(self, entry: Entry, position: int | None) -> Profile:
        """The profile in which an entry stands at a position, or at the end for None."""
        if position is None:
            return replace(self, entries=(*self.entries, entry))
        return replace(self, entries=(*self.entries[:position], entry, *self.entries[position + 1 :]))

    def without(self, position: int) -> Profile:
        """The profile without the entry at a position."""
        return replace(self, entries=self.entries[:position] + self.entries[position + 1 :])


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import changed.

    Attributes
    ----------
    profile
        The profile after it.
    added, updated, unchanged
        How many entries are new, have another rating than before, and say what was known.
    kept
        How many entries of the same source are not in the export any more; they stay.
    repeated
        How many ratings of the export are of an item that an earlier one is of.
    older
        How many of the unchanged entries are older than what is known.
    """

    profile: Profile
    added: int
    updated: int
    unchanged: int
    kept: int
    repeated: int = 0
    older: int = 0


def merge(profile: Profile, found: Iterable[Entry]) -> Merged:
    """Add the entries of an export to a profile.

    An entry is the same as a known one if it has the same id in the same source, or the same title and year. A rating
    replaces an older one, and of two without a time the later one in the export counts; that an item was seen replaces
    no rating.
    """
    entries = list(profile.entries)
    by_source = {(one.source, one.source_id): place for place, one in enumerate(entries) if one.source_id}
    by_key = {one.key: place for place, one in enumerate(entries)}
    latest: dict[int, Entry] = {}
    sources = set()
    repeated = 0
    for entry in found:
        sources.add(entry.source)
        place = by_source.get((entry.source, entry.source_id)) if entry.source_id else None
        if place is None:
            place = by_key.setdefault(entry.key, len(entries))
        if place == len(entries):
            entries.append(entry)
        if place in latest:
            repeated += entry.status == latest[place].status == "rated"
            entry = entry if _replaces(entry, latest[place]) else latest[place]
        latest[place] = entry
        if entry.source_id:
            by_source[entry.source, entry.source_id] = place
    added = updated = older = 0
    for place, entry in latest.items():
        if place >= len(profile.entries):
            entries[place], added = entry, added + 1
            continue
        known = entries[place]
        if entry.says_the_same(known):
            continue
        if _replaces(entry, known):
            links = {**entry.links, **known.links}
            entries[place], updated = replace(entry, links=links, time=entry.time or known.time), updated + 1
        elif entry.status != "seen":
            older += 1
    kept = sum(one.source in sources and place not in latest for place, one in enumerate(profile.entries))
    unchanged = len(latest) - added - updated
    return Merged(replace(profile, entries=tuple(entries)), added, updated, unchanged, kept, repeated, older)


def _replaces(entry: Entry, known: Entry) -> bool:
    """Whether what an export says counts, and not what was said of the item before."""
    if {entry.status, known.status} == {"seen", "rated"}:
        return entry.status == "rated"
    return entry.time is None or known.time is None or entry.time >= known.time
