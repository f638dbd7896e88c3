"""What stands beside the map: the item under the cursor, what is nearest to it, and the legend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.map.layers import CURSOR_MARK, MARKS, Marked
from tui.widgets.cell_text import clean, full_title
from tui.widgets.item_list import ItemList, result_of
from tui.widgets.table import Column

if TYPE_CHECKING:
    from engine.data.results import Result
    from engine.session import Surroundings

#: In a narrower list there is no column for the cosine.
_NUMBER_FROM = 32


class MapSide(Vertical):
    """The panel beside a map."""

    DEFAULT_CSS: ClassVar[str] = """
    MapSide {
        width: 28;
        padding-left: 1;
        border-left: vkey $foreground 30%;
        & > Static { height: auto; }
        & > #map-item { min-height: 3; max-height: 6; }
        & > #map-near { color: $text-muted; }
        & > #map-legend { color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._item = Static(id="map-item")
        self._heading = Static(id="map-near")
        self.near: ItemList[Result] = ItemList(_columns(), result_of, _figures, id="map-neighbours")
        self._legend = Static(id="map-legend")

    def compose(self) -> ComposeResult:
        """The item above, its neighbours, the legend below."""
        yield self._item
        yield self._heading
        yield self.near
        yield self._legend

    def show(self, found: Surroundings) -> None:
        """Show an item and what is nearest to it."""
        item = found.item
        genres = clean(" · ".join(item.genres))
        title = (f"{CURSOR_MARK} {full_title(item)}", "bold $text")
        self._item.update(Content.assemble(title, *((f"\n{genres}", "$text-muted"),) * bool(genres)))
        mark, _ = MARKS["near"]
        self._heading.update(Content(f"\n{mark} nearest in meaning" if found.nearest else "\nnothing else is embedded"))
        self.near.show(found.nearest)

    def explain(self, layers: Iterable[Marked]) -> None:
        """Show what the marks mean."""
        self._legend.update(Content("\n".join(clean(layer.legend) for layer in layers)))


def _columns() -> list[Column[Result]]:
    return [
        Column("", lambda result, _: full_title(result.item)),
        Column(
            "", lambda result, _: f"{result.score:.2f}", width=4, right=True, from_width=_NUMBER_FROM, style="muted"
        ),
    ]


def _figures(result: Result) -> tuple[tuple[str, str], ...]:
    return (("likeness", f"{result.score:.2f}"),)
