"""What the Search tab adds to the palette."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Protocol

from engine.session import MODES
from tui.panes.search_state import LIKE_BY_HELP, MODE_HELP, SearchState
from tui.widgets.palette import Command

if TYPE_CHECKING:
    from engine.session import LikeBy, Mode
    from tui.panes.refinements import Refinements
    from tui.panes.search_facets import SearchFacets


class SearchActions(Protocol):
    """The actions of the Search tab that the palette offers."""

    def set_mode(self, mode: Mode) -> None:
        """Search in this mode from now on."""

    def set_by(self, by: LikeBy | None) -> None:
        """List items that are alike in this way."""

    def set_varied(self, varied: bool) -> None:
        """Vary lists of items like another, or list the most alike first."""

    def switch_facets(self) -> None:
        """Show the counts beside the results, or hide them."""

    def action_facets(self) -> None:
        """Go to the counts."""

    def action_drop_all(self) -> None:
        """Search for the words of all conditions."""

    def action_for_me(self) -> None:
        """Nudge the results by one's own ratings, or stop that."""

    def action_adult(self) -> None:
        """Show items for adults, or hide them."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action would do something now."""


def search_commands(
    pane: SearchActions,
    view: SearchState,
    mode: Mode,
    refinements: Refinements,
    facets: SearchFacets,
    orders: tuple[str, ...],
) -> Iterator[Command]:
    """The search modes, the ways in which items are alike, the orders, and what can be done with the results.

    Parameters
    ----------
    pane
        The pane.
    view, mode, refinements, facets
        What it shows, how it searches, and what keys change about it.
    orders
        The orders in which the results can be sorted now.
    """
    for one in MODES:
        state = "current" if one == mode and view.like is None else ""
        yield Command(f"Search: {one}", MODE_HELP[one], partial(pane.set_mode, one), action="search-mode", state=state)
    for by, text in LIKE_BY_HELP.items():
        state = "current" if view.like is not None and by == view.by else ""
        yield Command(f"More like this: {text}", f"List items alike {text}", partial(pane.set_by, by), state=state)
    if view.like is not None:
        what, text = ("most alike first", "Order by likeness") if view.varied else ("varied", "Fewer of one series")
        yield Command(f"More like this: {what}", text, partial(pane.set_varied, not view.varied))
    for order in orders:
        yield Command(f"Sort by {order}", "The order of the results", partial(refinements.sort_by, view, order))
    if facets.possible:
        yield Command(
            "Narrow down", "Counts of genres, years and so on, as filters", pane.action_facets, action="facets"
        )
        beside = "Hide" if facets.shown else "Show"
        yield Command(f"{beside} the counts beside the results", "From 120 columns on", pane.switch_facets)
    if pane.check_action("drop_all", ()):
        yield Command(
            "Drop all conditions", "Search for their words instead", pane.action_drop_all, action="drop-all-conditions"
        )
    nudge, text = "Nudge results by my ratings", "What you would like comes a little earlier"
    if refinements.for_me:
        nudge, text = "Do not nudge results by my ratings", "The best match comes first"
    yield Command(nudge, text, pane.action_for_me, action="search-for-me")
    if refinements.adult or (view.answer is not None and view.answer.hidden):
        what = "Hide" if refinements.adult else "Show"
        text = "Until the app is left; show-adult in config.toml keeps it"
        yield Command(f"{what} adult titles", text, pane.action_adult, action="show-adult")
