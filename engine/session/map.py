"""The map service: the catalogue laid out by meaning, and what lies around an item of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.session.open_dataset import OpenDataset, check
from engine.session.search import SearchService

if TYPE_CHECKING:
    from pathlib import Path

    from engine.data.items import Item
    from engine.data.results import Result
    from engine.search.hidden import AdultItems
    from engine.search.map.item_map import ItemMap, MapSource


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An item of the map and what is nearest to it.

    Attributes
    ----------
    item
        The item.
    nearest
        The items with the most similar texts, by their vectors rather than by the map. Their scores are cosines.
    """

    item: Item
    nearest: tuple[Result, ...]


class MapService:
    """Lays out the catalogue of one data set, and keeps the map beside the embeddings.

    Parameters
    ----------
    opened
        The data set.
    search
        What has its embeddings.
    """

    def __init__(self, opened: OpenDataset, search: SearchService) -> None:
        self._opened = opened
        self._search = search
        self._latest: tuple[str, ItemMap] | None = None

    @locked_property
    def _adult_items(self) -> AdultItems:
        from engine.search.filters.fields import Fields
        from engine.search.hidden import AdultItems

        return AdultItems(Fields(self._opened.dataset.items))

    def current(self, job: Job | None = None) -> ItemMap:
        """The map that is stored, or else one by principal components, which takes a few seconds at most.

        Items for adults are on it only if the settings show them.

        Raises
        ------
        NotTrainedError
            If nothing is embedded yet.
        RecsysError
            If the embeddings cannot be read.
        """
        from engine.search.map.item_map import draft_map
        from engine.search.map.map_file import stored_map

        catalogue, source = self._catalogue()
        if self._latest is not None and self._latest[0] == source:
            return self._latest[1]
        found = stored_map(self._file, source, self._opened.dataset.num_items)
        if found is None:
            with self._opened.queue.turn():
                check(job)
                found = draft_map(catalogue, job)
        self._latest = source, found
        return found

    def refine(self, job: Job | None = None) -> ItemMap:
        """The map on which neighbours in meaning lie together, made if it is not stored; takes up to a minute.

        Raises
        ------
        CancelledError
            If the job is cancelled; the map stays as it was.
        NotTrainedError
            If nothing is embedded yet.
        RecsysError
            If the embeddings cannot be read, or there is not enough memory.
        """
        from engine.search.map.item_map import refined_map
        from engine.search.map.map_file import write_map

        found = self.current(job)
        if found.refined:
            return found
        catalogue, source = self._catalogue()
        with self._opened.queue.background(job or Job()) as turn:
            found = refined_map(catalogue, turn, self._device)
        write_map(self._file, source, found)
        self._latest = source, found
        return found

    def around(self, item: int, k: int = 10, job: Job | None = None) -> Surroundings:
        """An item and its nearest ones in meaning.

        Parameters
        ----------
        item
            The internal id, as in :attr:`ItemMap.items <engine.search.map.item_map.ItemMap.items>`.
        k
            How many.
        job
            Checked for cancellation.

        Raises
        ------
        NotTrainedError
            If nothing is embedded yet.
        """
        found = self._opened.dataset.items[item]
        answer = self._search.search("", k, like=found.item_id, like_by="meaning", diversity=0.0, job=job)
        return Surroundings(found, answer.results)

    @property
    def _device(self) -> str:
        import torch

        from engine.runtime.device import resolve

        return str(torch.device(resolve(self._opened.device)))

    @property
    def _file(self) -> Path:
        return self._opened.workspace.map_file(self._opened.name)

    def _catalogue(self) -> tuple[MapSource, str]:
        """What the map is made of, and a text that identifies it."""
        from engine.search.map.item_map import MapSource

        rows, vectors = self._search.stored_vectors()
        hidden = None if self._opened.shows_adult else self._adult_items.mask
        dataset = self._opened.dataset
        content = hashlib.sha256(rows.tobytes())
        content.update(b"" if hidden is None else hidden.tobytes())
        model, table = self._search.embedding_state().model, self._opened.manifest.files["items"]["sha256"]
        source = f"{table} {model} {vectors.shape[1]} {content.hexdigest()}"
        return MapSource(dataset.items, rows, vectors, self._opened.popularity, hidden), source
