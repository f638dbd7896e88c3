"""The map of a catalogue: where each embedded item lies in the plane, and what its regions are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import NotTrainedError
from engine.runtime.job import Job, Progress
from engine.runtime.memory import require_free
from engine.search.map.neighbours import nearest_neighbours
from engine.search.map.projection import normalised, principal_plane, sunflower, usable
from engine.search.map.regions import MapRegion, find_regions
from engine.search.map.terms import genres_of, words_of
from engine.search.map.tsne import tsne

if TYPE_CHECKING:
    from engine.data.items import ItemTable

Points = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

#: How many neighbours attract a point.
_NEIGHBOURS = 10
#: So many items are laid out by their neighbours; the others are placed among their nearest ones of these.
LANDMARKS = 50_000
_NEAREST_LANDMARKS = 3
#: Fewer items than this have no neighbourhoods.
_FEWEST = 3
_SEED = 0


@dataclass(frozen=True)
class ItemMap:
    """A catalogue laid out in the plane, so that items with similar texts lie near each other.

    Attributes
    ----------
    items
        The internal ids of the items on the map, the best known first, shape (n,).
    points
        Where they are, from -1 to 1 on the longer side, shape (n, 2).
    regions
        The regions that have a name, the coarsest first.
    num_missing
        The number of items that are not on the map, since they are not embedded or their vectors say nothing.
    refined
        Whether neighbours were moved together; else the points are the first two principal components.
    """

    items: Rows
    points: Points
    regions: tuple[MapRegion, ...]
    num_missing: int
    refined: bool


@dataclass(frozen=True)
class MapSource:
    """What a map is made of.

    Attributes
    ----------
    items
        The catalogue.
    rows
        The row in ``vectors`` of each item, -1 where it is not embedded, shape (num_items,).
    vectors
        Stored vectors, which may be memory-mapped.
    popularity
        The number of interactions of each item, shape (num_items,).
    hidden
        Which items are to be left out; None for none.
    """

    items: ItemTable
    rows: Rows
    vectors: npt.NDArray[Any]
    popularity: npt.NDArray[Any]
    hidden: npt.NDArray[np.bool_] | None = None

    def placed(self, job: Job) -> Rows:
        """The positions of the items that a map can show, the best known first.

        Raises
        ------
        NotTrainedError
            If there are none.
        """
        shown = self.rows >= 0 if self.hidden is None else (self.rows >= 0) & ~self.hidden
        places = np.flatnonzero(shown)
        places = places[np.argsort(-self.popularity[places], kind="stable")]
        places = places[usable(self.vectors, self.rows[places], job)]
        if not len(places):
            raise NotTrainedError("A map needs the catalogue to be embedded first.")
        return places

    def map_of(self, places: Rows, points: Points, job: Job, *, refined: bool) -> ItemMap:
        """The map with these items at these points."""
        points = normalised(points)
        kinds = [genres_of(self.items)]
        if refined or not len(kinds[0].names):
            kinds.append(words_of(self.items, job))
        regions = find_regions(points, places, len(self.items), kinds, job, _SEED)
        hidden = 0 if self.hidden is None else int(self.hidden.sum())
        return ItemMap(places + 1, points, regions, len(self.items) - hidden - len(places), refined)


def draft_map(catalogue: MapSource, job: Job | None = None) -> ItemMap:
    """The map by principal components, which is there within seconds.

    Raises
    ------
    NotTrainedError
        If no item is embedded.
    """
    job = job or Job()
    job.report(Progress("projecting the catalogue"))
    places = catalogue.placed(job)
    return catalogue.map_of(places, principal_plane(catalogue.vectors, catalogue.rows[places], job), job, refined=False)


def refined_map(catalogue: MapSource, job: Job | None = None, device: str = "cpu") -> ItemMap:
    """The map on which neighbours in meaning are neighbours, as far as a plane has room for it.

    Parameters
    ----------
    catalogue
        What the map is made of.
    job
        Receives the progress, and may cancel within a fraction of a second.
    device
        The torch device that compares vectors.

    Raises
    ------
    NotTrainedError
        If no item is embedded.
    RecsysError
        If comparing the vectors needs more memory than is free.
    """
    job = job or Job()
    places = catalogue.placed(job)
    if len(places) < _FEWEST:
        return catalogue.map_of(places, sunflower(len(places)), job, refined=True)
    laid_out = places[:LANDMARKS]
    rows = catalogue.rows[laid_out]
    dim = catalogue.vectors.shape[1]
    require_free(4 * (2 * len(rows) * dim + 2 * 24_000_000), f"Comparing the vectors of {len(rows):,} items")
    base = _unit(catalogue.vectors[rows])
    neighbours = nearest_neighbours(base, min(_NEIGHBOURS, len(base) - 1), job, device=device)
    points = tsne(neighbours, principal_plane(base, np.arange(len(base)), job), job, _SEED)
    others = places[LANDMARKS:]
    if len(others):
        rows = catalogue.rows[others]
        nearest = nearest_neighbours(base, _NEAREST_LANDMARKS, job, catalogue.vectors, rows, device)
        points = np.concatenate([points, points[nearest].mean(axis=1, dtype=np.float32)])
    return catalogue.map_of(places, points, job, refined=True)


def _unit(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The vectors at length 1."""
    kept = np.array(vectors, dtype=np.float32)
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    return kept
