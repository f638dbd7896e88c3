"""The tracks of a listening history as items: the same artist and title are one track."""

from __future__ import annotations

from engine.datasets.build.personal import ExportItem, PersonalExport


class Tracks:
    """Adds tracks to an export.

    Parameters
    ----------
    export
        Takes the tracks.
    """

    def __init__(self, export: PersonalExport) -> None:
        self._export = export
        self._ids: dict[tuple[str, str], str] = {}

    def add(self, artist: str, title: str, album: str = "", item_id: str = "") -> str:
        """Add a track, and return its id: the one given with it first, else its artist and title."""
        key = artist.casefold(), title.casefold()
        known = self._ids.get(key)
        if known is None:
            known = self._ids[key] = item_id or f"{artist} – {title}"
            facts = {"artist": artist, "album": album}
            self._export.add_item(ExportItem(known, title, people=artist, facts=facts))
        return known
