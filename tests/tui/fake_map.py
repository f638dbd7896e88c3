"""The map of the fake session: its items on a spiral, and each third of them a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.data.results import Result
from engine.errors import NotTrainedError
from engine.search.map.item_map import ItemMap
from engine.search.map.regions import MapRegion
from engine.session import Job, Progress, Surroundings

if TYPE_CHECKING:
    from tests.tui.fake import FakeSession


class FakeMap:
    """Lays the items out in the order of their ids.

    Attributes
    ----------
    refined
        Whether the map is refined already.
    """

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self.refined = True

    def current(self, job: Job | None = None) -> ItemMap:
        self._fake.enter("map", job=job)
        if not self._fake.done:
            raise NotTrainedError("A map needs the catalogue to be embedded first.")
        count = min(self._fake.done, len(self._fake.items))
        number = np.arange(count)
        radius, angle = np.sqrt((number + 0.5) / count), number * 2.4
        points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)
        regions = (
            MapRegion("Crime · Thriller", -0.4, 0.55, count // 2, 0),
            MapRegion("Science Fiction", 0.5, -0.1, count // 3, 0),
            MapRegion("robots", 0.45, -0.6, count // 6, 1),
        )
        missing = len(self._fake.items) - count
        return ItemMap(number + 1, points, regions, missing, self.refined)

    def refine(self, job: Job | None = None) -> ItemMap:
        job = job or Job()
        for step in range(1, 4):
            job.report(Progress("laying out the map", 100 * step, 300, "steps"))
            self._fake.enter("refine", step, job=job)
        self.refined = True
        return self.current(job)

    def around(self, item: int, k: int = 10, job: Job | None = None) -> Surroundings:
        self._fake.enter("around", item, job=job)
        items = self._fake.items
        others = sorted(items, key=lambda one: (abs(one.internal_id - item), one.internal_id))[1 : min(k, 5) + 1]
        nearest = tuple(Result(rank, one, round(0.8 - 0.06 * rank, 2)) for rank, one in enumerate(others, 1))
        return Surroundings(items[item - 1], nearest)
