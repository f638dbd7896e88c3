"""Layers of a map: items that are marked on it, each kind by a shape of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from tui.messages import MapLayer

#: The mark and the style of each kind of layer; the marks differ without colour. The last ones lie on top.
MARKS: dict[str, tuple[str, str]] = {
    "history": ("●", "map--known"),
    "sequence": ("■", "map--known"),
    "recommended": ("▲", "map--offered"),
    "next": ("▲", "map--offered"),
    "found": ("◆", "map--offered"),
    "near": ("○", "map--near"),
}
CURSOR_MARK, CURSOR_STYLE = "◉", "map--cursor"


@dataclass(frozen=True, slots=True)
class Marked:
    """A layer, as the positions of its points on the map.

    Attributes
    ----------
    layer
        What the layer stands for.
    points
        The positions of its items among the points of the map; items that are not on the map are left out.
    """

    layer: MapLayer
    points: npt.NDArray[np.int64]

    @property
    def legend(self) -> str:
        """A line of the legend: the mark, the name and how many of the items are on the map."""
        mark, _ = MARKS[self.layer.kind]
        missing = len(self.layer.items) - len(self.points)
        rest = f" ({missing:,} not on the map)" if missing else ""
        return f"{mark} {self.layer.name}: {len(self.points):,}{rest}"


def positions(items: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The position of each internal id among the points of a map, -1 for those that are not on it."""
    found = np.full(int(items.max(initial=0)) + 1, -1, dtype=np.int64)
    found[items] = np.arange(len(items))
    return found


def mark(layer: MapLayer, places: npt.NDArray[np.int64]) -> Marked:
    """Find the items of a layer on a map, given what :func:`positions` says of the map."""
    wanted = np.array(layer.items, dtype=np.int64)
    known = wanted[(wanted >= 0) & (wanted < len(places))]
    points = places[known]
    return Marked(layer, points[points >= 0])
