"""The service for one's own ratings: rating, importing and exporting them; nothing of it leaves the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.results import (
    HistoryEntry,
    ImportReport,
    OwnRating,
    ProfileName,
    Unmatched,
    UserSummary,
)
from engine.data.written_ratings import FIVE_STARS
from engine.errors import DataError, ErrorKind, OptionError, UnknownError
from engine.profiles.lookup import find_entry
from engine.profiles.profile import Entry, Merged, Profile, Status, is_on_scale, merge
from engine.profiles.store import DEFAULT, ProfileStore
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.session.open_dataset import OpenDataset, check
from engine.text.normalize import split_year

if TYPE_CHECKING:
    from engine.data.items import Item
    from engine.profiles.matching import EntryMatcher
    from engine.profiles.resolved import Resolved
    from engine.session.exports.target import Target

#: Of how many items of an export without a match the nearest titles are looked for.
_NEAREST_OF = 500


class MeService:
    """The ratings of the people who use the program, by profile.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened
        self._store = ProfileStore(opened.workspace.folder)
        self._resolved: Resolved | None = None
        self._undo: dict[str, list[tuple[int, Entry | None]]] = {}

    @locked_property
    def _matcher(self) -> EntryMatcher:
        from engine.profiles.matching import EntryMatcher

        return EntryMatcher(self._opened.dataset, self._opened.popularity)

    @property
    def _range(self) -> tuple[float, float] | None:
        return self._opened.manifest.overview.rating_range

    # -- what is stored -------------------------------------------------------------------------------------------
    def profiles(self) -> list[str]:
        """The names of the stored profiles, and of the default one; those of damaged profiles, too."""
        return list(dict.fromkeys([DEFAULT, *self._store.names()]))

    def ratings(self, profile: str = DEFAULT) -> list[OwnRating]:
        """The entries of a profile, the latest first.

        Raises
        ------
        OptionError
            If no profile can have this name.
        DataError
            If the profile cannot be read.
        """
        resolved = self.resolve(profile)
        found = [self._own(entry, item) for entry, item in zip(resolved.profile.entries, resolved.items, strict=True)]
        found.reverse()  # the sort is stable: of entries without a time, the one that was added last comes first
        return sorted(found, key=lambda one: -(one.timestamp or 0))

    def watchlist(self, profile: str = DEFAULT) -> list[OwnRating]:
        """The entries of a profile that are on its watchlist, the latest first; see :meth:`ratings`."""
        return [one for one in self.ratings(profile) if one.status == "watchlist"]

    def make_profile(self, profile: str) -> None:
        """Store an empty profile.

        Raises
        ------
        OptionError
            If no profile can have this name, or one has it.
        """
        self._store.make(profile)

    def rename_profile(self, profile: str, new_name: str) -> None:
        """Give a profile another name.

        Raises
        ------
        OptionError
            If no profile can have the new name, or one has it.
        UnknownError
            If there is no such profile.
        """
        self._store.rename(profile, new_name)
        self._undo.pop(profile, None)

    def remove_profile(self, profile: str) -> bool:
        """Move a profile to the trash, from which :meth:`restore_profile` takes it; whether there was one.

        Raises
        ------
        OptionError
            If no profile can have this name.
        """
        try:
            self._store.move_to_trash(profile)
        except UnknownError:
            return False
        self._undo.pop(profile, None)
        return True

    def removed_profiles(self) -> list[str]:
        """The names of the profiles that can be put back, the latest removal first."""
        return list(self._store.trashed())

    def restore_profile(self, profile: str) -> None:
        """Put a removed profile back.

        Raises
        ------
        OptionError
            If another profile has this name by now.
        UnknownError
            If no profile of this name was removed.
        """
        self._store.put_back(profile)

    def summary(self, profile: str = DEFAULT) -> UserSummary:
        """One line about a profile: how many items of this data set it has rated or seen; none if it is damaged."""
        try:
            entries = self.history(profile)
        except DataError:
            return UserSummary(ProfileName(profile), 0, None)
        ratings = [entry.rating for entry in entries if entry.rating is not None]
        return UserSummary(ProfileName(profile), len(entries), sum(ratings) / len(ratings) if ratings else None)

    def history(self, profile: str = DEFAULT) -> list[HistoryEntry]:
        """What was rated or seen of this data set, the latest first, with ratings on its scale.

        Raises
        ------
        OptionError
            If no profile can have this name.
        DataError
            If the profile cannot be read.
        """
        return [
            HistoryEntry(one.item, one.rating_here, one.timestamp)
            for one in self.ratings(profile)
            if one.item is not None and one.status in ("rated", "seen")
        ]

    def rate(
        self,
        item: int,
        rating: float | None,
        highest: float = FIVE_STARS,
        profile: str = DEFAULT,
        *,
        status: Status = "rated",
        lowest: float | None = None,
    ) -> OwnRating:
        """Rate an item, or say something else about it.

        Parameters
        ----------
        item
            The internal id.
        rating, highest
            The rating, and the highest rating of its scale; None if ``status`` is not ``"rated"``.
        profile
            Whose rating it is.
        status
            ``"rated"``, ``"seen"``, ``"watchlist"`` or ``"not-interested"``.
        lowest
            The lowest rating of the scale if that reaches to 0 or below; None if all its ratings are above 0.

        Raises
        ------
        OptionError
            If the rating is impossible.
        DataError
            If the profile cannot be read or written.
        """
        if status == "rated" and (rating is None or not is_on_scale(rating, lowest, highest)):
            shown = "no rating" if rating is None else f"{rating:g}"
            possible = "above 0 and up to" if lowest is None else f"from {lowest:g} to"
            raise OptionError(f"{shown} is not a rating {possible} {highest:g}.")
        found = self._opened.dataset.items[item]
        bare, year = split_year(found.title)
        given = rating if status == "rated" else None

        def make(known: Entry | None) -> Entry:
            base = known or Entry(
                bare or found.title or str(found.item_id),
                found.year or year,
                "seen",
                other_title=str(found.metadata.get("original_title") or ""),
            )
            entry = replace(base, status=status, rating=given, highest=highest, lowest=lowest, time=int(time.time()))
            return self._matcher.linked(entry, item)

        entry = self._put(profile, item, make)
        assert entry is not None
        return self._own(entry, item)

    def about(self, item: int, profile: str = DEFAULT) -> OwnRating | None:
        """What a profile says about an item (by its internal id); None if that is nothing."""
        entry = self.resolve(profile).entry(item)
        return None if entry is None else self._own(entry, item)

    def forget(self, item: int, profile: str = DEFAULT) -> OwnRating:
        """Remove what a profile says about an item.

        Raises
        ------
        UnknownError
            If it says nothing.
        DataError
            If the profile cannot be read or written.
        """
        known = self.resolve(profile).entry(item)
        if known is None:
            title = self._opened.dataset.items[item].title
            raise UnknownError(f"The profile {profile!r} says nothing about {title!r}.", kind=ErrorKind.NO_ENTRY)
        self._put(profile, item, lambda _: None)
        return self._own(known, item)

    def remove(self, title: str, profile: str = DEFAULT) -> OwnRating:
        """Remove the entry that has a title, whether or not this data set has such an item.

        Raises
        ------
        UnknownError
            If the profile has no such entry, or several.
        DataError
            If the profile cannot be read or written.
        """

        def change(stored: Profile) -> tuple[Profile, Entry]:
            place = find_entry(stored, title)
            return stored.without(place), stored.entries[place]

        return self._own(self._store.change(profile, change), None)

    def undo(self, profile: str = DEFAULT) -> OwnRating | None:
        """Take back the last change by :meth:`rate` or :meth:`forget` of this session.

        Returns
        -------
        OwnRating or None
            What is said about the item now, whose status is empty if that is nothing; None if there was no change.
        """
        changes = self._undo.get(profile, [])
        if not changes:
            return None
        item, before = changes.pop()
        self._put(profile, item, lambda _: before, undoing=True)
        return self._own(before, item)

    def _put(
        self, profile: str, item: int, make: Callable[[Entry | None], Entry | None], *, undoing: bool = False
    ) -> Entry | None:
        _ = self._range  # read now, since nothing may fail once the change is stored

        def change(stored: Profile) -> tuple[Profile, tuple[Entry | None, Entry | None]]:
            from engine.profiles.resolved import Resolved

            place = Resolved.of(stored, self._matcher).positions.get(item)
            before = None if place is None else stored.entries[place]
            after = make(before)
            if after is not None:
                stored = stored.with_entry(after, place)
            elif place is not None:
                stored = stored.without(place)
            return stored, (before, after)

        before, after = self._store.change(profile, change)
        if not undoing:
            self._undo.setdefault(profile, []).append((item, before))
        return after

    # -- exports of other programs --------------------------------------------------------------------------------
    def import_file(
        self, path: Path, kind: str | None = None, profile: str = DEFAULT, job: Job | None = None
    ) -> ImportReport:
        """Add the ratings of a person's export to a profile.

        A rating that changed is updated. What is in the profile and not in the export stays.

        Raises
        ------
        OptionError
            If there is no such kind of export, or no profile can have this name.
        DataError
            If the export is not what it should be, or the profile cannot be read or written.
        """
        from engine.profiles.exports import read_export

        self._store.path(profile)
        self._store.read(profile)  # a damaged profile is said before a long read
        read = read_export(path, kind, job)
        check(job)
        matches = self._matcher.match(read.entries, nearest_of=_NEAREST_OF)
        linked = [
            entry if match.item is None else self._matcher.linked(entry, match.item)
            for entry, match in zip(read.entries, matches, strict=True)
        ]
        merged = self._store.change(profile, lambda stored: ((new := merge(stored, linked)).profile, new))
        # A match by hand of an earlier import counts, too.
        resolved = self.resolve(profile)
        known = {
            entry.key for entry, item in zip(resolved.profile.entries, resolved.items, strict=True) if item is not None
        }
        items = self._opened.dataset.items
        unmatched = tuple(
            Unmatched(row, entry.title, entry.year, tuple(items.take(match.nearest)))
            for entry, row, match in zip(read.entries, read.rows, matches, strict=True)
            if match.item is None and entry.key not in known
        )
        respelled = tuple(
            (entry.title, items[match.item])
            for entry, match in zip(read.entries, matches, strict=True)
            if match.item is not None and match.typo
        )
        return ImportReport(
            profile,
            read.kind,
            len(read.entries),
            len(read.entries) - len(unmatched),
            merged.added,
            merged.updated,
            merged.unchanged,
            merged.kept,
            unmatched,
            respelled,
            (*read.notes, *_notes_on(merged)),
        )

    def match(self, title: str, item: int, profile: str = DEFAULT) -> OwnRating:
        """Say which item of this data set an entry means.

        Parameters
        ----------
        title
            The title of the entry, with its year in brackets where several have the title.
        item
            The internal id of the item.

        Raises
        ------
        UnknownError
            If the profile has no such entry, or several.
        DataError
            If the profile cannot be read or written.
        """

        def change(stored: Profile) -> tuple[Profile, Entry]:
            place = find_entry(stored, title)
            entry = self._matcher.linked(stored.entries[place], item, by_hand=True)
            return stored.with_entry(entry, place), entry

        return self._own(self._store.change(profile, change), item)

    def unmatch(self, title: str, profile: str = DEFAULT) -> OwnRating:
        """Take back which item of this data set an entry means, as :meth:`match` said it.

        The entry then means the item that its title leads to by itself, if there is one.

        Parameters
        ----------
        title
            The title of the entry, with its year in brackets where several have the title.

        Raises
        ------
        UnknownError
            If the profile has no such entry, or several.
        DataError
            If the profile cannot be read or written.
        """

        def change(stored: Profile) -> tuple[Profile, Entry]:
            place = find_entry(stored, title)
            entry = self._matcher.unlinked(stored.entries[place])
            return stored.with_entry(entry, place), entry

        entry = self._store.change(profile, change)
        return self._own(entry, self._matcher.match([entry])[0].item)

    def table(self, profile: str = DEFAULT) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
        """The entries in the form in which :meth:`import_file` reads them again: the columns, and the rows."""
        from engine.profiles.exports import COLUMNS, rows_of

        return COLUMNS, rows_of(self._store.read(profile).entries)

    def export(self, target: Target, profile: str = DEFAULT) -> int:
        """Write the entries to a file that :meth:`import_file` reads again; returns their number.

        Parameters
        ----------
        target
            The file; its name ends in ``.csv`` or ``.json``.
        profile
            Whose entries.

        Raises
        ------
        OptionError, DataError
            As :func:`engine.session.exports.target.require_target`, and if the profile cannot be read.
        """
        from engine.profiles.exports import write_entries
        from engine.session.exports.target import require_target

        entries = self._store.read(profile).entries
        found = require_target(target, (".csv", ".json"))
        found.clear_unfinished()
        write_entries(found.path, entries, found.prepare_cell)
        return len(entries)

    # -- as seen from the data set ---------------------------------------------------------------------------------
    def resolve(self, profile: str = DEFAULT) -> Resolved:
        """A profile with the items of the data set that its entries mean; kept until the profile changes.

        Raises
        ------
        OptionError
            If no profile can have this name.
        DataError
            If the profile cannot be read.
        """
        from engine.profiles.resolved import Resolved

        stored, known = self._store.read(profile), self._resolved
        if known is None or known.profile is not stored:
            known = self._resolved = Resolved.of(stored, self._matcher)
        return known

    def _own(self, entry: Entry | None, item: int | None) -> OwnRating:
        found: Item | None = None if item is None else self._opened.dataset.items[item]
        if entry is None:
            assert found is not None
            return OwnRating(found.title, found.year, "", None, FIVE_STARS, None, found)
        scale = self._range
        here = entry.rating if scale is None or found is None else entry.rating_on(scale)
        return OwnRating(
            entry.title,
            entry.year,
            entry.status,
            entry.rating,
            entry.highest,
            entry.time,
            found,
            entry.source,
            here,
            entry.lowest,
        )


def _notes_on(merged: Merged) -> list[str]:
    """What was not taken over from an export, as sentences."""
    notes = []
    if merged.repeated:
        which = "the newest one counts, and the last one where a date is missing"
        notes.append(f"Further ratings of items that are rated more than once: {merged.repeated:,}; {which}.")
    if merged.older:
        notes.append(f"Ratings that are older than what the profile says: {merged.older:,}; they change nothing.")
    return notes
