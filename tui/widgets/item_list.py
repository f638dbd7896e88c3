"""Tables of items, with the keys that send an item to every other place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from engine.data.results import BY_POPULARITY
from engine.session import LIKE_BY, MODES
from tui.listing import Listing, bound_of, entry_record, full_record, item_record
from tui.messages import RateItem, ShowDetails
from tui.verbs import ITEM_VERBS, RATING_HELP, RATING_KEYS, ItemSubject, bindings_of, help_of
from tui.widgets.arranged_table import ArrangedTable
from tui.widgets.bars import bar, compact, decimals, stars, whole_percent
from tui.widgets.cell_text import clean
from tui.widgets.columns import Column, Row
from tui.widgets.panel import Panel
from tui.widgets.verb_target import VerbTarget

if TYPE_CHECKING:
    from engine.data.results import Answer, HistoryEntry, Result
    from engine.session import Item
    from tui.listing import Record

#: Marks the heading of the column by which a list is ordered.
_ORDERS = " ↓"

Figures = tuple[tuple[str, str], ...]
Matched = tuple[tuple[str, ...], str]

_RIGHT_BUTTON = 3


class ItemList(VerbTarget[ItemSubject], ArrangedTable[Row]):
    """A table whose rows stand for items.

    Parameters
    ----------
    columns
        As in :class:`~tui.widgets.table.Table`.
    item_of
        The item of a row.
    figures_of
        Names and values of what this table knows about a row beyond its item, for the details.
    matched_of
        The words of a row's item that a search matched, and the words that were typed.
    """

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓ k j", "up and down"),
        ("PgUp PgDn", "a page up, a page down"),
        ("Home End g G", "first and last"),
        ("Enter", "details"),
        *help_of(ITEM_VERBS),
        RATING_HELP,
        ("| S", "choose columns; sort by a column, also by a click on its heading"),
        ("z", "fill the tab with this list, and back"),
        ("/", "back to the line one types into"),
    )
    """The keys of a list of items, for the help screen."""

    VERBS = ITEM_VERBS

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "details", id="choose"),
        *bindings_of(ITEM_VERBS),
        *RATING_KEYS,
    ]

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        item_of: Callable[[Row], Item],
        figures_of: Callable[[Row], Figures] = lambda _: (),
        matched_of: Callable[[Row], Matched] = lambda _: ((), ""),
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(columns, id=id)
        self._item_of = item_of
        self._figures_of = figures_of
        self._matched_of = matched_of

    @property
    def item(self) -> Item | None:
        """The item under the cursor."""
        return None if self.row is None else self._item_of(self.row)

    def details(self) -> ShowDetails | None:
        """The details of the row under the cursor."""
        if self.row is None:
            return None
        matched, typed = self._matched_of(self.row)
        return ShowDetails(self._item_of(self.row), self._figures_of(self.row), matched, typed)

    def subject(self) -> ItemSubject | None:
        """What the verbs are about: the item under the cursor."""
        details, row = self.details(), self.row
        return None if details is None or row is None else ItemSubject(details, lambda: record_of(row), self.listing)

    def action_rate(self, half_stars: int) -> None:
        """Rate the item under the cursor."""
        if self.item is not None:
            self.post_message(RateItem(self.item, half_stars))

    def listing(self) -> Listing:
        """The whole list, for other programs."""
        heading = next((one.heading for one in self.ancestors if isinstance(one, Panel)), "List")
        return Listing(heading, tuple(map(record_of, self.rows)))

    def on_click(self, event: events.Click) -> None:
        """The right button opens the menu of verbs on the row."""
        position = self._row_at(event)
        if event.button == _RIGHT_BUTTON and position is not None:
            event.prevent_default()
            self.cursor = position
            self.action_verb_menu()


def result_of(result: Result) -> Item:
    """The item of a result."""
    return result.item


def record_of(row: Any) -> Record:
    """The record of a row: of a result, of an entry of a history, or of an item with its position."""
    from engine.data.results import HistoryEntry, Result

    match row:
        case Result():
            return full_record(row)
        case HistoryEntry():
            return entry_record(row)
    position, item = row
    return {"rank": position, **item_record(item)}


def entry_of(entry: HistoryEntry) -> Item:
    """The item of a history entry."""
    return entry.item


def _title(item: Item) -> str:
    return clean(item.title) or f"item {clean(item.item_id)}"


def _sort_title(item: Item) -> str:
    return _title(item).casefold()


def _year(item: Item) -> str:
    return "" if item.year is None else str(item.year)


def _genres(item: Item) -> str:
    return ", ".join(item.genres)


def _title_marks(answer: Answer, typed: str) -> Callable[[Result, str], Sequence[tuple[int, int]]] | None:
    """What marks the matched words in titles; None if no item has any."""
    if not any(result.matched for result in answer.results):
        return None
    from engine.session import spans

    return lambda result, title: spans(title, result.matched, typed)


def _described(answer: Answer, typed: str = "") -> list[Column[Result]]:
    """The columns of every ranked list that describe its items, as far as they are known and there is room."""
    digits = max(len(str(len(answer.results))), 2)
    return [
        Column("#", lambda result, _: str(result.rank), width=digits, right=True, priority=2, style="muted"),
        Column(
            "Title",
            lambda result, _: _title(result.item),
            main=True,
            marks=_title_marks(answer, typed),
            order=lambda result: _sort_title(result.item),
        ),
        Column(
            "Year",
            lambda result, _: _year(result.item),
            width=4,
            priority=1,
            style="muted",
            order=lambda result: result.item.year,
        ),
        Column(
            "Genres",
            lambda result, _: _genres(result.item),
            least=10,
            priority=3,
            style="muted",
            order=lambda result: _genres(result.item) or None,
        ),
    ]


def described_columns() -> list[Column[Result]]:
    """The columns that describe the items of a ranked list, where there is little room: rank and title."""
    return [
        Column("#", lambda result, _: str(result.rank), width=3, right=True, priority=2, style="muted"),
        Column("Title", lambda result, _: _title(result.item), main=True),
        Column("Year", lambda result, _: _year(result.item), width=4, priority=1, style="muted"),
    ]


def match_columns(answer: Answer, typed: str = "") -> list[Column[Result]]:
    """Columns for a search.

    The match of a search with words is an estimate from 0 to 1: its bar is full at 1.

    Parameters
    ----------
    answer
        What was found.
    typed
        The words of the query; of a longer word that the last one begins, only this part is marked.
    """
    if answer.by_popularity:
        return _popularity_columns(answer)
    if answer.method in MODES:
        match: Column[Result] = Column(
            "Match",
            lambda result, _: whole_percent(result.score),
            width=11,
            least=5,
            right=True,
            bar=lambda result, room: bar(result.score, room),
            style="accent",
        )
        return [*_described(answer, typed), match]
    whole = _whole_likeness(answer)
    likeness: Column[Result] = Column(
        "Likeness",
        lambda result, _: whole_percent(result.score / whole),
        width=15,
        least=8,
        right=True,
        bar=lambda result, room: bar(result.score / whole, room),
        style="accent",
    )
    return [*_described(answer, typed), likeness]


def _whole_likeness(answer: Answer) -> float:
    """The score that counts as 100 %.

    Alike by meaning or by taste are cosines, of which 1 is the most. Alike by both are ranks added up, which say
    something only beside the best one.
    """
    best = max((result.score for result in answer.results), default=0.0)
    return 1.0 if answer.method in LIKE_BY and best <= 1.0 else best or 1.0


def _popularity_columns(answer: Answer) -> list[Column[Result]]:
    """Columns for popular items: the number of ratings, if there are any."""
    best = max((result.score for result in answer.results), default=0.0) or 1.0
    if best < 1:
        return _described(answer)
    ratings: Column[Result] = Column(
        "Ratings",
        lambda result, _: f"{int(result.score):,}",
        width=14,
        least=7,
        right=True,
        bar=lambda result, room: bar(result.score / best, room),
        style="accent",
    )
    return [*_described(answer), ratings]


def rating_columns(highest: float, answer: Answer, *, cautious: bool) -> list[Column[Result]]:
    """Columns for recommendations: the number that orders them, which is marked, and what else is known.

    Parameters
    ----------
    highest
        The highest rating.
    answer
        The recommendations. A model that does not predict ratings has scores.
    cautious
        Whether predicted ratings are ordered by their lower confidence bound.
    """
    if not predicts_ratings(answer):
        return [*_described(answer), _score_column(answer)]

    def figure(result: Result, _: int) -> str:
        deviation = "" if result.std is None else f" ±{result.std:.1f}"
        return "" if result.predicted_rating is None else f"{result.predicted_rating:.2f}{deviation}"

    def drawn(result: Result, _: int) -> str:
        return "" if result.predicted_rating is None else stars(result.predicted_rating, highest)

    return [
        *_described(answer),
        Column(
            "Predicted" if cautious else f"Predicted{_ORDERS}",
            figure,
            width=17,
            least=11,
            right=True,
            bar=drawn,
            style="accent",
            priority=2 if cautious else 0,
        ),
        *([Column(f"At least{_ORDERS}", _bound, width=10, right=True)] if cautious else []),
    ]


def predicts_ratings(answer: Answer) -> bool:
    """Whether a model predicted ratings; others give scores of their own scale."""
    return any(result.predicted_rating is not None for result in answer.results)


def _bound(result: Result, _: int) -> str:
    return f"{bound_of(result):.2f}"


def _score_column(answer: Answer) -> Column[Result]:
    digits = decimals(result.score for result in answer.results)
    width = max((len(f"{result.score:.{digits}f}") for result in answer.results), default=0)
    return Column(f"Score{_ORDERS}", lambda result, _: f"{result.score:.{digits}f}", width=max(width, 7), right=True)


def history_columns(highest: float) -> list[Column[HistoryEntry]]:
    """Columns for a history: the rating as stars and as a number, or that the item was seen but not rated."""

    def drawn(entry: HistoryEntry, _: int) -> str:
        return "" if entry.rating is None else stars(entry.rating, highest)

    def figure(entry: HistoryEntry, _: int) -> str:
        return "seen" if entry.rating is None else compact(entry.rating)

    return [
        Column("Title", lambda entry, _: _title(entry.item), main=True, order=lambda entry: _sort_title(entry.item)),
        Column(
            "Year",
            lambda entry, _: _year(entry.item),
            width=4,
            priority=1,
            style="muted",
            order=lambda entry: entry.item.year,
        ),
        Column(
            "Rated",
            figure,
            width=11,
            least=5,
            right=True,
            bar=drawn,
            style="accent",
            order=lambda entry: entry.rating,
        ),
        Column("Genres", lambda entry, _: _genres(entry.item), least=10, priority=3, style="muted"),
    ]


def probability_columns(answer: Answer) -> list[Column[Result]]:
    """Columns for what comes next: the probability, or the score if the model gives no probabilities."""
    if all(result.probability is None for result in answer.results):
        return [*_described(answer), _score_column(answer)]
    best = max((result.probability or 0.0 for result in answer.results), default=0.0) or 1.0
    likely: Column[Result] = Column(
        "Likely",
        lambda result, _: percent(result.probability or 0.0),
        width=13,
        least=6,
        right=True,
        bar=lambda result, room: bar((result.probability or 0.0) / best, room),
        style="accent",
    )
    return [*_described(answer), likely]


def percent(probability: float) -> str:
    """A probability with one decimal; one that would be rounded to zero is shown as less than 0.1 %."""
    return "<0.1%" if 0 < probability < 0.0005 else f"{probability:.1%}"


def result_figures(result: Result) -> Figures:
    """What a ranked list knows about an item."""
    figures = [("rank", str(result.rank))]
    if result.predicted_rating is not None:
        deviation = "" if result.std is None else f" ± {result.std:.2f}"
        figures.append(("predicted", f"{result.predicted_rating:.2f}{deviation}"))
        if result.score < result.predicted_rating:
            figures.append(("at least", f"{result.score:.2f}, allowing for chance"))
    elif result.probability is not None:
        figures.append(("probability", percent(result.probability)))
    else:
        figures.append(("score", f"{result.score:.{decimals([result.score])}f}"))
    if result.reason:
        figures.append(("why", result.reason))
    return tuple(figures)


def search_figures(result: Result, answer: Answer) -> Figures:
    """What a search knows about an item that it found."""
    if answer.method == BY_POPULARITY:
        return (("rank", str(result.rank)),)
    if answer.method in MODES:
        figure = ("match", whole_percent(result.score))
    else:
        whole = _whole_likeness(answer)
        beside = "" if whole == 1.0 else " of the nearest"
        figure = ("likeness", whole_percent(result.score / whole) + beside)
    return tuple(figure if name == "score" else (name, value) for name, value in result_figures(result))


def entry_figures(entry: HistoryEntry) -> Figures:
    """What a history knows about an item."""
    return (("rated", "seen, not rated" if entry.rating is None else compact(entry.rating)),)
