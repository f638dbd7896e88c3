"""Changes of a search by keys: words as typed, another order, more from a person, one's own taste, adult items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui.messages import StatusChanged
from tui.panes.people import condition_for, people_of
from tui.panes.query_edit import with_filter, with_order, without_phrase

if TYPE_CHECKING:
    from engine.session import Item
    from tui.backend.protocols import Search
    from tui.panes.base import Pane
    from tui.panes.search_state import SearchState


class Refinements:
    """What keys add to the search of a line.

    Parameters
    ----------
    pane
        The pane of the line.
    search
        Called to search for the line again.
    set_line
        Called with a changed line, to search for it.

    Attributes
    ----------
    adult
        Whether items for adults are found, too; None for what the settings say.
    for_me
        Whether results are nudged by one's own ratings.
    """

    def __init__(self, pane: Pane[Search], search: Callable[[], None], set_line: Callable[[str], None]) -> None:
        self._pane = pane
        self._search, self._set_line = search, set_line
        self._literal: frozenset[str] = frozenset()
        self.adult: bool | None = None
        self.for_me = False

    def literal_in(self, line: str) -> frozenset[str]:
        """The words of a line that are searched for as typed; those that have left it are forgotten."""
        from engine.session import words

        folded = f" {' '.join(words(line))} "
        self._literal = frozenset(one for one in self._literal if f" {' '.join(words(one))} " in folded)
        return self._literal

    def take_literally(self, *words: str) -> None:
        """Search for these words of the line as they are typed."""
        self._literal |= set(words)
        self._search()

    def as_typed(self, view: SearchState) -> None:
        """Search for the corrected words as they were typed; without any, for those that were understood."""
        if view.answer is not None:
            self.take_literally(*(one.typed for one in view.answer.corrections or view.answer.understood))

    def drop(self, view: SearchState, *, everything: bool = False) -> None:
        """Take the words of the last condition, or of all of them, out of the line."""
        if view.answer is not None and view.answer.understood:
            understood = view.answer.understood if everything else view.answer.understood[-1:]
            self.drop_words(view.text, [one.typed for one in understood])

    def drop_words(self, line: str, phrases: Sequence[str]) -> None:
        """Take phrases out of a line; one that is the whole line, or stands elsewhere, is searched for as typed."""
        changed = line
        for phrase in phrases:
            changed = without_phrase(changed, phrase)
        if changed.strip() and changed != line:
            self._set_line(changed)
        else:
            self.take_literally(*phrases)

    def sort(self, view: SearchState, orders: Sequence[str]) -> None:
        """Sort by the next one of the orders, after the one that the line or its words ask for."""
        if view.parsed is not None and orders:
            understood = () if view.answer is None else view.answer.understood
            asked = [one.condition.removeprefix("sort:") for one in understood if one.condition.startswith("sort:")]
            order: str = view.parsed.order or next(iter(asked), "")
            now = orders.index(order) if order in orders else 0
            self.sort_by(view, orders[(now + 1) % len(orders)])

    def sort_by(self, view: SearchState, order: str) -> None:
        """Sort by this order."""
        if view.parsed is not None:
            self._set_line(with_order(view.text, view.parsed, order))

    def choose_person(self, view: SearchState, item: Item) -> None:
        """Add a filter on the person who made an item; of several, ask which."""
        people = people_of(item)
        if not people:
            self._pane.post_message(StatusChanged("No column of this item names a person."))
        elif len(people) == 1:
            self._add_person(view.text, people, 0)
        else:
            from tui.widgets.choices import ChoiceScreen

            choices = [(name, column.replace("_", " ")) for column, name in people]
            self._pane.app.push_screen(ChoiceScreen("More from", choices, partial(self._add_person, view.text, people)))

    def _add_person(self, line: str, people: Sequence[tuple[str, str]], place: int) -> None:
        self._set_line(with_filter(line, condition_for(*people[place])))

    def switch_adult(self, view: SearchState) -> None:
        """Show items for adults where some are hidden, or hide them again."""
        hides = view.answer is not None and view.answer.hidden > 0
        if self.adult is None and not hides:
            self._pane.post_message(StatusChanged("Nothing is hidden in this search."))
            return
        self.adult = None if self.adult else hides or None
