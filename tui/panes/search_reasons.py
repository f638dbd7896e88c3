"""Why an item is among the results of a search: the parts of it without which its match would fall most."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.widgets.bars import whole_percent
from tui.widgets.cell_text import full_title
from tui.widgets.explanation import Explanation, ExplanationScreen, fall_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.data.results import Result
    from engine.session import Item
    from tui.backend.protocols import Search
    from tui.messages import Answered, Failed
    from tui.panes.base import Pane
    from tui.panes.search_state import SearchState
    from tui.widgets.details import ItemDetails

_HEADING = "Its match would fall without:"
#: What the parts of a match are called.
_PARTS = {
    "words": "words of the query",
    "words in title": "words in the title",
    "words in names": "words in names",
    "all words": "all words of the query",
    "exact title": "its title is the query",
    "nearly the title": "its title is nearly the query",
    "words of long query": "words of a long query",
    "keyword score": "how rare its words are",
    "cosine": "nearness in meaning",
    "cosine lead": "nearest of all in meaning",
    "cosine of long query": "meaning of a long query",
    "genre": "a genre that is meant",
    "genre lead": "the genre that is meant most",
    "known": "how well known it is",
    "known and words": "known, and has the words",
    "known, of long query": "well known, for a long query",
    "undescribed": "its text is short",
    "mood": "how well it suits the mood",
    "taste": "nudge by your ratings",
}
#: The methods that go by meaning.
_BY_MEANING = ("hybrid", "semantic")


class SearchReasons:
    """Asks why items are listed, and keeps what is known for the queries of a session.

    Parameters
    ----------
    pane
        The pane that shows them.
    details
        The details beside the list.
    """

    def __init__(self, pane: Pane[Search], details: ItemDetails) -> None:
        self._pane = pane
        self._details = details
        self._known: dict[tuple[str, str, int], Sequence[tuple[str, float]]] = {}
        self._view: SearchState | None = None
        self._page: tuple[str, int] | None = None
        """The query and the item of the page that was opened last, if its parts are known."""
        self._explaining = pane.request("why", "", self._explained, self._failed)
        self._weighing = pane.request("parts", "", self._weighed, lambda _: None)

    def ask(self, view: SearchState, item: Item) -> None:
        """Ask without which parts of an item its match would fall most, unless that is known."""
        self._view = view
        if view.like is not None or view.answer is None or view.answer.method not in _BY_MEANING:
            return
        self._explaining.withdraw()  # what was asked about another item is of no use
        if not self._show(item):
            text, method, literal = view.text, view.answer.method, view.literal
            self._explaining.send(
                lambda search, job: (
                    text,
                    method,
                    item,
                    search.explain_match(text, item.item_id, method, literal=literal, job=job),
                )
            )

    def open(self, view: SearchState, result: Result) -> None:
        """Show everything that is known about the place of an item in the list."""
        answer = view.answer
        assert answer is not None
        by_words = view.words and not view.popular and view.like is None
        reasons = tuple(part for part in result.reason.split(" · ") if part)
        if view.popular:  # all that meet the conditions are listed
            reasons = (*(one.label for one in answer.understood), "the best known come first")
        explanation = Explanation(
            full_title(result.item),
            view.text if view.like is None else f"items like {full_title(view.like)}",
            whole_percent(result.score) if by_words else "",
            reasons,
            None if by_words and answer.method in _BY_MEANING else (),
        )
        self._pane.app.push_screen(ExplanationScreen(explanation))
        self._page = view.text if by_words else "", result.item.internal_id
        self._weighing.withdraw()
        self.ask(view, result.item)
        if by_words:
            text, item, method, literal = view.text, result.item, answer.method, view.literal
            for_me = view.for_me
            self._weighing.send(
                lambda search, _: (
                    (text, item.internal_id),
                    search.explain(text, item.item_id, method, literal=literal, for_me=for_me),
                )
            )

    def _explained(self, message: Answered) -> None:
        text, method, item, phrases = message.value
        if phrases:  # there are none while the embedding model is not loaded
            self._known[text, method, item.internal_id] = phrases
        view = self._view
        if view is not None and view.answer is not None and (view.text, view.answer.method) == (text, method):
            self._show(item, phrases)

    def _weighed(self, message: Answered) -> None:
        screen = self._pane.app.screen
        page, weights = message.value
        if isinstance(screen, ExplanationScreen) and page == self._page:
            parts = [(_PARTS.get(name, name), value) for name, value in weights]
            screen.update(replace(screen.explanation, parts=parts))

    def _failed(self, message: Failed) -> None:
        if self._page is not None:
            self._explain(self._page[1], ())

    def _show(self, item: Item, phrases: Sequence[tuple[str, float]] | None = None) -> bool:
        """Show the parts of an item, if they are known for this query; whether they are."""
        view = self._view
        method = "" if view is None or view.answer is None else view.answer.method
        known = self._known.get(("" if view is None else view.text, method, item.internal_id), phrases)
        if known is None:
            return False
        lines = tuple(f"{fall_text(fall)} {part}" for part, fall in known)
        if lines:
            self._details.explain(item, _HEADING, lines)
            self._pane.show_reasons(item, _HEADING, lines)
        self._explain(item.internal_id, known)
        return True

    def _explain(self, internal_id: int, without: Sequence[tuple[str, float]]) -> None:
        """Write the parts of an item on its page, if that is open."""
        screen = self._pane.app.screen
        if isinstance(screen, ExplanationScreen) and self._page is not None and self._page[1] == internal_id:
            screen.update(replace(screen.explanation, without=without))
