"""The profile of a data set as a page that scrolls: figures, histograms, the most popular items, and doubts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.bars import bar
from tui.widgets.cell_text import clean, count, fit

if TYPE_CHECKING:
    from engine.data.results import Overview
    from engine.session import Profile

_LABEL = 11
#: The most bars of one histogram; a longer one shows every second, third … bin together.
_MOST_BARS = 14
_LISTED = 8

_Line = tuple[str, str]


class ProfileView(VerticalScroll, can_focus=True):
    """A page about one data set."""

    DEFAULT_CSS = """
    ProfileView {
        padding: 0 1;
        scrollbar-size-vertical: 1;
        scrollbar-color: $foreground 50%;
        scrollbar-background: $background;
        & > Static { height: auto; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="profile")
        self._page = Static()
        self._shown: tuple[Overview, Profile] | None = None

    def compose(self) -> ComposeResult:
        """The page."""
        yield self._page

    def show(self, overview: Overview, profile: Profile) -> None:
        """Draw the profile."""
        self._shown = overview, profile
        self.call_after_refresh(self._draw)  # until it is shown it has no width

    def on_resize(self) -> None:
        """Draw it as wide as there is room."""
        self._draw()

    def _draw(self) -> None:
        if self._shown is not None:
            width = max(self.scrollable_content_region.width, 30)
            parts = [part for line in page(*self._shown, width) for part in (*line, ("\n", ""))]
            self._page.update(Content.assemble(*parts))


def page(overview: Overview, profile: Profile, width: int) -> Iterator[list[_Line]]:
    """The lines of the page, each as parts with their styles."""
    audience = "simulated user" if overview.simulated else "user"
    yield [(clean(overview.title), "bold $text")]
    for line in _figures(profile, audience):
        yield [(line, "")]
    if profile.doubts:
        yield [("", "")]
        yield [("To know before you trust it", "bold $text")]
        for doubt in profile.doubts:
            yield [("! ", "$text-warning"), (clean(doubt.text), "")]
    histograms = [("Ratings", profile.ratings), ("Times", profile.times)]
    if profile.users is not None and profile.items is not None:
        histograms += [("Interactions of a user", profile.users.bins), ("Interactions of an item", profile.items.bins)]
    for title, bins in histograms:
        if bins:
            yield [("", "")]
            yield [(title, "bold $text")]
            yield from _bars([(one.label, one.count) for one in bins], width)
    for title, items in (("Most popular", profile.popular), ("Least popular", profile.unpopular)):
        if items:
            yield [("", "")]
            yield [(title, "bold $text")]
        for item in items[:_LISTED]:
            mean = "" if item.mean_rating is None else f"   mean {item.mean_rating:.2f}"
            name = f"{clean(item.title)} ({item.year})" if item.year else clean(item.title)
            yield [(f"{item.count:>{_LABEL},}  ", "$text-muted"), (fit(name, width - _LABEL - 16).rstrip() + mean, "")]
    if profile.notes:
        yield [("", "")]
        yield [("What the reader said", "bold $text")]
        for note in profile.notes:
            yield [(clean(note), "$text-muted")]


def _figures(profile: Profile, audience: str) -> Iterator[str]:
    items = f"{count(profile.num_items, 'item')}, {profile.num_rated_items:,} with interactions"
    yield f"{count(profile.num_users, audience)} · {items}"
    if not profile.num_interactions:
        yield "No interactions: this is a catalogue alone."
        return
    sparsity = f"{1 - profile.density:.2%} of all pairs of a user and an item are empty"
    yield f"{count(profile.num_interactions, 'interaction')} · {sparsity}"
    if profile.mean_rating is not None:
        yield f"{count(profile.num_ratings, 'rating')}, mean {profile.mean_rating:.2f}"
    if profile.first is not None and profile.last is not None:
        yield f"from {_day(profile.first)} to {_day(profile.last)}"
    for word, spread in (("user", profile.users), ("item", profile.items)):
        if spread is not None:
            each = f"{spread.least:,} to {spread.most:,}, median {spread.median:g}"
            yield f"interactions of {'an' if word == 'item' else 'a'} {word}: {each}"
    yield f"the most popular tenth of the items has {profile.top_share:.0%} of the interactions"


def _bars(bins: Sequence[tuple[str, int]], width: int) -> Iterator[list[_Line]]:
    step = -(-len(bins) // _MOST_BARS)
    grouped = [bins[start : start + step] for start in range(0, len(bins), step)]
    rows = [
        (one[0][0] if len(one) == 1 else f"{one[0][0]}–{one[-1][0]}", sum(number for _, number in one))
        for one in grouped
    ]
    most = max(number for _, number in rows) or 1
    label = max(_LABEL, *(cell_len(name) for name, _ in rows))
    figures = max(len(f"{number:,}") for _, number in rows)
    room = max(min(width - label - figures - 5, 40), 6)
    for name, number in rows:
        yield [
            (f"{name:>{label}}  ", "$text-muted"),
            (bar(number / most, room), "$text-accent"),
            (f" {number:>{figures},}", ""),
        ]


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):  # data may hold any number of seconds
        return f"second {seconds:,}"
