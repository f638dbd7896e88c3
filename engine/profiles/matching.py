"""Which items of a data set the entries of a profile mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.datasets.build.catalogue_match import CatalogueIndex
from engine.datasets.build.items import Catalogue
from engine.datasets.formats.ids import to_ids
from engine.profiles.profile import Entry, Link
from engine.text.normalize import split_year, title_key

if TYPE_CHECKING:
    from engine.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class EntryMatch:
    """The item that an entry means.

    Attributes
    ----------
    item
        The internal id; None if the data set has no such item, or several.
    typo
        Whether a person should be told what the title was taken for: the titles differ by a typing error, one is a
        part of the other, or it is the best known of several items of this title.
    nearest
        The internal ids of the items with the nearest titles, best first, if there is no match and they were asked for.
    """

    item: int | None
    typo: bool = False
    nearest: tuple[int, ...] = ()


class EntryMatcher:
    """Finds the entries of profiles among the items of one data set.

    An entry is found by the link that it has to the data set, by an id that the data set and the source of the entry
    share, or by its title and year. What was found is remembered.

    Parameters
    ----------
    dataset
        The data set.
    popularity
        The number of interactions of each item, without the padding; None counts them.
    """

    def __init__(self, dataset: Dataset, popularity: npt.NDArray[np.int64] | None = None) -> None:
        import pyarrow as pa

        self._dataset = dataset
        ids = dataset.items.id_map.ids
        array = pa.array(ids) if dataset.items.id_map.numeric else pa.array(ids.tolist(), pa.string())
        if popularity is None:
            popularity = np.bincount(dataset.interactions.item_ids, minlength=dataset.num_items + 1)[1:]
        self._index = CatalogueIndex(dataset.items.table, to_ids(array), popularity.tolist())
        self._found: dict[tuple[object, ...], EntryMatch] = {}

    def match(self, entries: Sequence[Entry], *, nearest_of: int = 0) -> list[EntryMatch]:
        """The item that each entry means.

        Parameters
        ----------
        entries
            The entries.
        nearest_of
            Of how many entries without a match the nearest titles are looked for.
        """
        found: list[EntryMatch | None] = [self._linked(entry) for entry in entries]
        asked = [place for place, one in enumerate(found) if one is None]
        known = {place: self._found.get(_names(entries[place])) for place in asked}
        new = [
            place
            for place in asked
            if (one := known[place]) is None or (nearest_of and one.item is None and not one.nearest)
        ]
        if new:
            for place, one in zip(new, self._search([entries[place] for place in new], nearest_of), strict=True):
                known[place] = self._found[_names(entries[place])] = one
        return [one or known[place] or EntryMatch(None) for place, one in enumerate(found)]

    def link(self, item: int, *, by_hand: bool = False) -> Link:
        """The link to an item."""
        found = self._dataset.items[item]
        return Link(str(found.item_id), found.title, by_hand)

    def linked(self, entry: Entry, item: int, *, by_hand: bool = False) -> Entry:
        """An entry with a link to an item of this data set."""
        return replace(entry, links={**entry.links, self._dataset.name: self.link(item, by_hand=by_hand)})

    def unlinked(self, entry: Entry) -> Entry:
        """An entry without its link to an item of this data set."""
        return replace(entry, links={name: link for name, link in entry.links.items() if name != self._dataset.name})

    def _linked(self, entry: Entry) -> EntryMatch | None:
        link = entry.links.get(self._dataset.name)
        item = None if link is None else self._item_of(link.item_id)
        if link is not None and item is not None and self._dataset.items[item].title == link.title:
            return EntryMatch(item)
        if entry.source_id and (item := self._item_of(entry.source_id)) is not None:
            title = split_year(self._dataset.items[item].title)[0]
            if title_key(title) in (title_key(split_year(one)[0]) for one in (entry.title, entry.other_title) if one):
                return EntryMatch(item)
        return None

    def _item_of(self, item_id: str) -> int | None:
        id_map = self._dataset.items.id_map
        return id_map.encode_one(item_id) if item_id in id_map else None

    def _search(self, entries: Sequence[Entry], nearest_of: int) -> list[EntryMatch]:
        import pyarrow as pa

        table = pa.table(
            {
                "title": pa.array([one.title for one in entries], pa.string()),
                "year": pa.array([one.year for one in entries], pa.int32()),
                "original_title": pa.array([one.other_title for one in entries], pa.string()),
            }
        )
        sources = pa.array([one.source_id for one in entries], pa.string())
        rows, rest, joins = self._index.find(Catalogue(sources, table), candidates_of=nearest_of)
        by_title = dict(zip(rest.tolist(), joins, strict=True))
        found = []
        for place, row in enumerate(rows.tolist()):
            join = by_title.get(place)
            if row >= 0:
                found.append(
                    EntryMatch(row + 1, typo=join is not None and (join.typo or join.other_name or join.best_known))
                )
            else:
                found.append(EntryMatch(None, nearest=tuple(one + 1 for one in join.candidate_rows) if join else ()))
        return found


def _names(entry: Entry) -> tuple[object, ...]:
    return entry.title, entry.year, entry.other_title, entry.source_id
