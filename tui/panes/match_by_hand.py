"""Matching by hand what is in a person's ratings and was not found in the data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from engine.data.results import OwnRating, TitleMatch, Unmatched
from tui.backend.backend import Backend
from tui.messages import Failed, MatchEntry, OwnRatingsChanged, StatusChanged
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean, count, full_title
from tui.widgets.choices import ChoiceScreen
from tui.widgets.completions import TITLES, Completions
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.session import Item

#: So many titles are offered while one is typed.
_OFFERED = 8
_ANOTHER = "another title …"


class ItemPrompt(AskingPopUp):
    """Asks which item of the data set is meant, by its title.

    Parameters
    ----------
    backend
        The way to the engine.
    title
        What is asked.
    value
        What the line holds at first.
    chosen
        Called with the item.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", id="close")]

    DEFAULT_CSS = "ItemPrompt > .page { width: 76; height: 15; padding: 0 1; }"

    def __init__(self, backend: Backend, title: str, value: str, chosen: Callable[[Item], None]) -> None:
        super().__init__(backend, "titles of the data set")
        self._line = QueryInput(title, "a title, or a part of it", id="title")
        self._line.value = value
        self._call = chosen
        self._offered: Completions[TitleMatch] = Completions(TITLES)
        self._text, self._entered = "", False

    def compose(self) -> ComposeResult:
        """The line, and the titles that are like it."""
        with Vertical(classes="page") as page:
            page.border_subtitle = Content("↑ ↓ · Enter chooses · Esc closes")
            yield self._line
            yield self._offered

    def on_mount(self) -> None:
        """Begin with what is like the title."""
        self._line.focus()
        self._line.select_all()
        self._ask()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._entered = False
        self._ask()

    def _ask(self) -> None:
        text = self._line.value.strip()
        if not text:
            self._offered.close()
        self.ask(lambda session, _: (text, session.sequences.complete_title(text, _OFFERED) if text else []))

    def answered(self, value: Any) -> None:
        """Offer the titles; the first one is taken if Enter was pressed before they came."""
        self._text, matches = value
        if matches:
            self._offered.show(matches)
        elif self._text:
            self._offered.show_message(f"No title here is like “{self._text}”. Try a single word of it.")
        self._line.set_leads_on(bool(matches))
        if self._entered:
            self._entered = False
            self._take()

    def failed(self, message: Failed) -> None:
        """Say why no title can be offered."""
        self._offered.show_message(message.failure.text)

    @on(QueryInput.Arrow)
    def _step(self, event: QueryInput.Arrow) -> None:
        event.stop()
        if self._offered.choice is not None:
            self._offered.step(event.by)

    @on(Input.Submitted)
    @on(Table.Chosen)
    def _submitted(self, event: Input.Submitted | Table.Chosen) -> None:
        event.stop()
        if self._text == self._line.value.strip():
            self._take()
        else:
            self._entered = True

    def _take(self) -> None:
        if (match := self._offered.choice) is not None:
            self.dismiss()
            self._call(match.item)


class UnmatchedTable(Table[Unmatched]):
    """What was not found."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "match by hand", id="choose-line")]


class UnmatchedScreen(AskingPopUp):
    """What a person has rated and the data set does not have, to be matched by hand.

    Parameters
    ----------
    backend
        The way to the engine.
    profile
        Whose ratings.
    unmatched
        What an import did not find; None for all of the profile that is not in the data set.
    said
        What is said above the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", id="close"),
        Binding("u", "app.undo", "undo", id="undo"),  # the keys of the app do not reach a page in front of it
    ]

    DEFAULT_CSS = """
    UnmatchedScreen > .page {
        width: 100; max-width: 96%; height: 80%;
        & > Static { margin: 0 1 1 1; height: auto; color: $text-muted; }
        & > UnmatchedTable { height: 1fr; min-height: 3; }
    }
    """

    def __init__(
        self, backend: Backend, profile: str, unmatched: Sequence[Unmatched] | None = None, said: str = ""
    ) -> None:
        super().__init__(backend, "match by hand")
        self._backend, self._profile, self._first = backend, profile, said
        self._all = list(unmatched or ())
        self._matched: set[str] = set()
        self._reading = unmatched is None
        self._said = Static()
        has_rows = any(one.row is not None for one in self._all)
        row: Column[Unmatched] = Column(
            "Row", lambda one, _: "" if one.row is None else f"{one.row:,}", width=6, right=True
        )
        self._table = UnmatchedTable(
            (
                *([row] if has_rows else []),
                Column("In your ratings", lambda one, _: label_of(one), share=3),
                Column("Nearest here", lambda one, _: full_title(one.nearest[0]) if one.nearest else "–", share=3),
            )
        )

    @property
    def _left(self) -> list[Unmatched]:
        """What is not matched yet."""
        return [one for one in self._all if label_of(one) not in self._matched]

    def compose(self) -> ComposeResult:
        """What is known of the list, and the list."""
        with Vertical(classes="page") as page:
            page.border_title = Content("Not in this data set")
            page.border_subtitle = Content("Enter matches one by hand · u undoes · Esc closes")
            yield self._said
            yield self._table

    def on_mount(self) -> None:
        """Show what is left, or look for it."""
        self._table.focus()
        if self._reading:
            self._say("Looking through your ratings …")
            self.ask(lambda session, _: session.me.ratings(self._profile))
        else:
            self._draw()

    def _say(self, text: str) -> None:
        self._said.update(Content("\n".join(map(clean, text.split("\n")))))

    def _draw(self, note: str = "") -> None:
        self._say(note or self._first)
        self._table.show(self._left, cursor=self._table.cursor)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        row = self._table.row
        if row is None:
            return
        if not row.nearest:
            self._ask_for_title(row)
            return
        items = row.nearest
        choices = [*((full_title(one), ", ".join(one.genres)) for one in items), (_ANOTHER, "type it")]

        def chosen(place: int) -> None:
            if place < len(items):
                self._match(row, items[place])
            else:
                self._ask_for_title(row)

        self.app.push_screen(ChoiceScreen(f"{label_of(row)} is", choices, chosen))

    def _ask_for_title(self, row: Unmatched) -> None:
        def chosen(item: Item) -> None:
            self._match(row, item)

        self.app.push_screen(ItemPrompt(self._backend, f"{label_of(row)} is", row.title, chosen))

    def _match(self, row: Unmatched, item: Item) -> None:
        self.app.post_message(MatchEntry(label_of(row), item, self._profile))

    def own_ratings_changed(self, message: OwnRatingsChanged) -> None:
        """Take off the list what was matched, and put back what no longer is."""
        matched = message.matched
        if matched is None or matched.profile != self._profile:
            return
        if matched.item is None:
            self._matched.discard(matched.entry)
        else:
            self._matched.add(matched.entry)
        said = "no longer matched" if matched.item is None else f"matched with {full_title(matched.item)} · u undoes"
        self._draw(f"✓ {matched.entry}: {said}" + ("" if self._left else "\nEverything is matched now."))

    def answered(self, value: Any) -> None:
        """List what is not in the data set."""
        ratings: Sequence[OwnRating] = value
        self._all = [Unmatched(None, one.title, one.year, ()) for one in ratings if one.item is None]
        if not self._left:
            self.dismiss()
            said = "everything in it is in this data set" if ratings else "nothing is in it yet"
            self.app.post_message(StatusChanged(f"✓ profile {clean(self._profile)}: {said}"))
            return
        here = len(ratings) - len(self._left)
        self._first = (
            f"{here:,} of {count(len(ratings), 'rating')} of {self._profile} are in this data set. The rest is kept "
            "for others, or is spelled otherwise here."
        )
        self._draw()

    def failed(self, message: Failed) -> None:
        """Say why it could not be read."""
        self._draw(message.failure.text)


def label_of(one: Unmatched) -> str:
    """What was not found, in words: its title, with the year unless that is in it."""
    return one.title if one.year is None or str(one.year) in one.title else f"{one.title} ({one.year})"
