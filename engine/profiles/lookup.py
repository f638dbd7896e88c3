"""Finding the entry of a profile that a person means by a title."""

from __future__ import annotations

from engine.errors import ErrorKind, UnknownError
from engine.profiles.profile import Entry, Profile


def find_entry(profile: Profile, title: str) -> int:
    """The position of the entry that has this title, with its year in brackets where several have it.

    Raises
    ------
    UnknownError
        If there is no such entry, or there are several; it names the nearest titles, or the years.
    """
    from engine.text.title_join import TitleIndex

    wanted = Entry(title).key
    found = [
        place
        for place, entry in enumerate(profile.entries)
        if entry.key == wanted or (wanted[1] is None and entry.key[0] == wanted[0])
    ]
    if len(found) == 1:
        return found[0]
    if found:
        years = sorted(str(profile.entries[place].year) for place in found)
        raise UnknownError(
            f"The profile {profile.name!r} has several entries {title!r}: add the year in brackets, "
            f"one of {', '.join(years)}.",
            kind=ErrorKind.NO_ENTRY,
        )
    index = TitleIndex([one.title for one in profile.entries], [one.year for one in profile.entries])
    nearest = index.match([title], [None])[0].candidates
    hint = f"; the nearest are {'; '.join(nearest)}" if nearest else ""
    raise UnknownError(f"The profile {profile.name!r} has no entry {title!r}{hint}.", nearest, kind=ErrorKind.NO_ENTRY)
