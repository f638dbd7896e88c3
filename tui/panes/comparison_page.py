"""The page of a comparison: which models are better by more than chance, and their lists side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.data.comparison import Comparison, SideBySide
from tui.backend.backend import Backend
from tui.comparison_words import MARK_OF_HELD_OUT, WHY_NOT_MARKED, heading_of, users_of
from tui.keymap.keymap import shown_key
from tui.messages import Failed, ShowDetails
from tui.panes.asking_popup import AskingPopUp
from tui.panes.comparison_text import (
    chart_lines,
    duel_lines,
    figure_lines,
    items_of,
    list_lines,
    places_of,
    test_lines,
)
from tui.widgets.cell_text import clean, full_title
from tui.widgets.choices import ChoiceScreen

if TYPE_CHECKING:
    from engine.data.comparison import DifferentUser, HeadToHead
    from engine.session import Item, Job, Progress
    from tui.backend.protocols import SessionLike

#: So many users whose lists differ can be looked at.
_USERS = 50
#: From this width on the keys are said in full.
_ALL_KEYS = 84


class ComparisonPage(AskingPopUp):
    """Compares runs, counts for which users each model is right, and shows the lists of single users side by side.

    Parameters
    ----------
    backend
        Where the comparison is made.
    numbers
        The runs.
    sequence
        The sequence of the Sequence tab, after which the lists of sequence models can be compared.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="step-back"),
        Binding("q", "dismiss", "close", show=False, id="close"),
        Binding("d", "details", "details", id="details"),
        Binding("u", "users", "users", id="different-users"),
        Binding("s", "after", "after the sequence", id="after-sequence"),
        Binding("right,l,n", "user(1)", "next user", id="next-user"),
        Binding("left,h,p", "user(-1)", "previous user", id="previous-user"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
        Binding("pagedown", "scroll(10)", "Page down", show=False, id="page-down"),
        Binding("pageup", "scroll(-10)", "Page up", show=False, id="page-up"),
        Binding("home,g", "edge(True)", "First", show=False, id="first"),
        Binding("end,G", "edge(False)", "Last", show=False, id="last"),
    ]

    DEFAULT_CSS = "ComparisonPage > .page { width: 94%; max-width: 172; }"

    class Counted(Message):
        """The counting over all users moves on."""

        def __init__(self, progress: Progress) -> None:
            super().__init__()
            self.progress = progress

    def __init__(self, backend: Backend, numbers: Sequence[int], sequence: Sequence[Item] = ()) -> None:
        super().__init__(backend, "comparison")
        self._numbers = tuple(numbers)
        self._sequence = tuple(sequence)
        self._comparison: Comparison | None = None
        self._duels: Sequence[HeadToHead] | None = None
        self._lists: SideBySide | None = None
        self._heading = self._problem = ""
        self._pair, self._at = 0, -1
        self._counting, self._was_counted = "Comparing the lists of all users …", False
        self._text = Static(Content("Comparing …"))

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(classes="page", can_focus=False) as page:
            page.border_title = Content("Comparison of runs " + ", ".join(str(number) for number in self._numbers))
            page.border_subtitle = Content("Esc closes")
            yield self._text

    def on_mount(self) -> None:
        """Compare; the users are counted afterwards, while the comparison can be read."""
        self.ask(lambda session, _: session.comparison.compare_runs(self._numbers))

    def answered(self, value: Any) -> None:
        """Show the comparison, what was counted over all users, or the lists of one."""
        if isinstance(value, Comparison):
            self._comparison = value
            self._count(value)
        elif isinstance(value, SideBySide):
            self._lists, self._problem = value, ""
            place = f"({self._at + 1} of the {len(self._users)} whose lists differ most)"
            self._heading = heading_of(value) if value.after else f"User {value.user} {place}"
            self.query_one(".page").scroll_home(animate=False)
            self.refresh_bindings()
        else:
            self._duels, self._counting, self._was_counted = value, "", True
            self.refresh_bindings()
        self._draw()

    def on_resize(self) -> None:
        """Draw the lists as wide as there is room."""
        self.call_after_refresh(self._draw)

    def _count(self, comparison: Comparison) -> None:
        def work(session: SessionLike, job: Job) -> Sequence[HeadToHead]:
            return session.comparison.head_to_head(comparison, count=_USERS, job=job)

        def tell(progress: Progress) -> None:
            self.post_message(self.Counted(progress))

        self.ask(work, tell)

    def failed(self, message: Failed) -> None:
        """Say why the runs cannot be compared, the users not be counted, or lists not be shown."""
        if self._comparison is None:
            self._text.update(Content(clean(message.failure.text)))
        elif not self._was_counted:
            self._counting, self._was_counted = message.failure.text, True
            self.refresh_bindings()
            self._draw()
        else:
            self._lists, self._problem = None, message.failure.text
            self.query_one(".page").scroll_home(animate=False)
            self._draw()

    def on_comparison_page_counted(self, message: Counted) -> None:
        """Say how far the counting is."""
        progress = message.progress
        if self._duels is None and progress.total:
            self._counting = f"Comparing the lists of all users … {progress.done / progress.total:.0%}"
            self._draw()

    # -- keys -------------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Users are offered once it is known on whom the models differ, and the sequence where there is one."""
        if action == "details":
            return self._lists is not None
        if action in ("users", "user"):
            return bool(self._users)
        if action == "after":
            # Not while the users are counted, which the question would end.
            return self._was_counted and self._has_sequence
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Leave the lists for the comparison, and that for what is behind it."""
        if self._lists is None and not self._problem:
            self.dismiss()
        else:
            self._lists, self._problem = None, ""
            self.refresh_bindings()
            self._draw()

    def action_details(self) -> None:
        """Choose one of the items that are listed, or held out, and show its details."""
        if self._lists is None:
            return
        places, items = places_of(self._lists), items_of(self._lists)

        def chosen(place: int) -> None:
            self.app.post_message(ShowDetails(items[place]))

        choices = [(full_title(item), places[item.internal_id]) for item in items]
        self.app.push_screen(ChoiceScreen("Details of", choices, chosen, width=100))

    def action_users(self) -> None:
        """List the users on whom the models differ most."""
        from tui.panes.different_users import DifferentUsersPage

        def chosen(place: tuple[int, int] | None) -> None:
            if place is not None:
                self._pair, self._at = place
                self._look_up()

        page = DifferentUsersPage(self._duels or (), self._pair, max(self._at, 0))
        self.app.push_screen(page, chosen)

    def action_user(self, by: int) -> None:
        """Show the lists for the next of the users on whom the models differ most."""
        self._at = (self._at + by) % len(self._users) if self._at >= 0 or by > 0 else len(self._users) - 1
        self._look_up()

    def action_after(self) -> None:
        """Show the lists after the sequence of the Sequence tab."""
        comparison, items = self._comparison, [item.internal_id for item in self._sequence]
        if comparison is not None:
            self.ask(lambda session, job: session.comparison.side_by_side_after(comparison, items, job))

    def action_scroll(self, by: int) -> None:
        """Scroll by some lines."""
        self.query_one(".page").scroll_relative(y=by, animate=False)

    def action_edge(self, top: bool) -> None:
        """Scroll to the beginning or to the end."""
        page = self.query_one(".page")
        page.scroll_home(animate=False) if top else page.scroll_end(animate=False)

    @property
    def _room(self) -> int:
        """The width of a line of the page."""
        return self.query_one(".page").size.width - 6

    @property
    def _has_sequence(self) -> bool:
        return bool(self._sequence) and self._comparison is not None and self._comparison.of_sequences

    @property
    def _users(self) -> Sequence[DifferentUser]:
        return self._duels[self._pair].users if self._duels else ()

    def _look_up(self) -> None:
        comparison, user = self._comparison, self._users[self._at].user
        if comparison is not None:
            self.ask(lambda session, _: session.comparison.side_by_side(comparison, user))

    # -- drawing ----------------------------------------------------------------------------------------------
    def _draw(self) -> None:
        comparison = self._comparison
        if comparison is None:
            return
        keys, has_after = [], bool(self.check_action("after", ()))
        if self._users:
            brief = (has_after or self._lists is not None) and self._room < _ALL_KEYS
            users = "users" if brief else "users whose lists differ most"
            keys += [f"{shown_key(self.app, 'different-users', 'u')} {users}", "← → one by one"]
        if self._lists is not None:
            keys.append(f"{shown_key(self.app, 'details', 'd')} details")
        if has_after:
            keys.append(f"{shown_key(self.app, 'after-sequence', 's')} after the sequence")
        self.query_one(".page").border_subtitle = Content(
            clean(" · ".join([*keys, "Esc closes" if self._lists is None else "Esc back"]))
        )
        first = comparison.models[0]
        tied = [model.label for model in comparison.models if model.standing.get(comparison.metric) == "tied"]
        verdict = (
            f"{', '.join(tied)} are tied by {comparison.metric}: they differ by no more than chance."
            if tied
            else f"{first.label} is the best by {comparison.metric}, by more than chance."
        )
        about = f"{first.run.protocol} split, seed {first.run.seed}, {users_of(comparison)}"
        lines = [
            clean(about),
            "",
            *figure_lines(comparison, self._room),
            "",
            "* best by more than chance   = tied with the best",
        ]
        lines += ["", *test_lines(comparison), ""]
        if self._counting:
            lines += [clean(self._counting), ""]
        if counted := duel_lines(self._duels or ()):
            lines += [*counted, ""]
        lines += chart_lines(comparison, self._room)
        top: list[str | tuple[str, str]] = ["\n"]
        if self._lists is not None:
            marks = "= in another list, too"
            marks = f"{marks}. {WHY_NOT_MARKED}" if self._lists.user is None else f"{MARK_OF_HELD_OUT}   {marks}"
            top = ["\n\n", (clean(self._heading), "bold $text"), "\n"]
            lines = [*list_lines(self._lists, self._room), marks, "", *lines]
        elif self._problem:
            lines = [clean(self._problem), "", *lines]
        self._text.update(Content.assemble((clean(verdict), "bold $text"), *top, "\n".join(lines)))
