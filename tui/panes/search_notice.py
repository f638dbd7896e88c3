"""What the Search pane shows in place of results, and above the list of an empty line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.panes import TABS
from tui.panes.train_prompt import NOT_OPENED

if TYPE_CHECKING:
    from tui.messages import Failure
    from tui.panes.embedding_status import EmbeddingStatus
    from tui.panes.recent_searches import RecentSearches
    from tui.panes.search_state import SearchState
    from tui.state import AppState
    from tui.widgets.notice import Notice


def show_notice(
    notice: Notice,
    state: AppState,
    embedding: EmbeddingStatus,
    view: SearchState,
    failure: Failure | None,
    problem: str = "",
) -> None:
    """Say why there are no results, and what can be done about it.

    Parameters
    ----------
    notice
        What is filled.
    state, embedding
        The app's state, and how much is embedded.
    view, failure
        The search, and why it failed.
    problem
        What is wrong with a filter of the line.
    """
    job = state.active_job("search")
    embed = ("embed", "F5", f"embed {embedding.missing}, so that search understands meaning")
    if state.failure is not None:
        notice.show_failed(NOT_OPENED, state.failure)
    elif failure is not None and failure.kind == "untrained":
        if view.like is not None and not embedding.incomplete:
            notice.show(view.nothing_found()[0], failure.text, ("search-mode", "Ctrl+T", "another kind of likeness"))
        elif job is not None:
            notice.show_job(job)
        else:
            notice.show("Not embedded yet", " ".join(filter(None, [failure.text, embedding.cost])), embed)
    elif failure is not None:
        notice.show_failed("The search failed", failure)
    elif problem:
        notice.show("A filter is not understood", problem, ("edit-query", "/", "change the line"))
    elif view.answer is not None:
        notice.show(*view.nothing_found(), ("search-mode", "Ctrl+T", "another kind of search"))
    elif job is not None:
        notice.show_job(job)
    elif embedding.incomplete:
        notice.show("", "", embed)  # what it costs is said above
    else:
        notice.show("")


def tip_lines(state: AppState, embedding: EmbeddingStatus, recent: RecentSearches) -> list[str]:
    """Examples of filters, how search works before everything is embedded, and for the demo how to add real data."""
    # At first the queries to try, which are listed beside, show filters, too.
    lines = [f"Filters: {' · '.join(recent.examples)}"] if recent.examples and not recent.samples else []
    if recent.samples:
        lines.append("Other tabs: " + " · ".join(f"{tab.key} {tab.about}" for tab in TABS if tab.about))
    last = state.last_job("search")
    if last is not None and last.failure is not None:
        lines.append(last.failure.text)
    elif embedding.incomplete:
        lines += filter(None, [embedding.until_complete, embedding.cost])
    if state.dataset is not None and state.dataset.overview.kind == "demo":
        lines.append("Real data instead of the demo: F7, then a, for ml-100k or files of your own")
    return lines
