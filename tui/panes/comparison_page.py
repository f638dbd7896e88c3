"""The page of a comparison: which models are better by more than chance, and their lists for a user side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.backend.backend import Backend
from tui.messages import Failed
from tui.panes.asking_popup import AskingPopUp
from tui.panes.comparison_text import chart_lines, figure_lines, list_lines, test_lines
from tui.widgets.cell_text import clean

if TYPE_CHECKING:
    from engine.data.comparison import Comparison, DifferentUser, SideBySide
    from tui.backend.protocols import SessionLike

#: So many users who are served differently can be looked at.
_USERS = 20


@dataclass(frozen=True, slots=True)
class _Found:
    comparison: Comparison
    users: Sequence[DifferentUser]


class ComparisonPage(AskingPopUp):
    """Compares runs, and shows the users whom the two best serve most differently.

    Parameters
    ----------
    backend
        Where the comparison is made.
    numbers
        The runs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", id="close"),
        Binding("right,l,n", "user(1)", "next user", id="next-user"),
        Binding("left,h,p", "user(-1)", "previous user", id="previous-user"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
        Binding("pagedown", "scroll(10)", "Page down", show=False, id="page-down"),
        Binding("pageup", "scroll(-10)", "Page up", show=False, id="page-up"),
    ]

    DEFAULT_CSS = "ComparisonPage > .page { width: 116; }"

    def __init__(self, backend: Backend, numbers: Sequence[int]) -> None:
        super().__init__(backend, "comparison")
        self._numbers = tuple(numbers)
        self._found: _Found | None = None
        self._lists: SideBySide | None = None
        self._at = -1
        self._text = Static(Content("Comparing …"))

    def compose(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(classes="page") as page:
            page.border_title = Content("Comparison of runs " + ", ".join(str(number) for number in self._numbers))
            page.border_subtitle = Content("← → users · Esc closes")
            yield self._text

    def on_mount(self) -> None:
        """Compare."""

        def work(session: SessionLike, _: Any) -> _Found:
            service = session.comparison
            comparison = service.compare_runs(self._numbers)
            best, second = (model.label for model in comparison.models[:2])
            return _Found(comparison, service.different_users(comparison, best, second, _USERS))

        self.ask(work)

    def answered(self, value: Any) -> None:
        """Show the comparison, or the lists of a user below it."""
        if isinstance(value, _Found):
            self._found = value
        else:
            self._lists = value
        self._draw()

    def failed(self, message: Failed) -> None:
        """Say why the runs cannot be compared."""
        self._text.update(Content(clean(message.failure.text)))

    def action_user(self, by: int) -> None:
        """Show the lists for the next user of those who are served most differently."""
        if self._found is None or not self._found.users:
            return
        self._at = (self._at + by) % len(self._found.users) if self._at >= 0 or by > 0 else len(self._found.users) - 1
        comparison, user = self._found.comparison, self._found.users[self._at].user
        self.ask(lambda session, _: session.comparison.side_by_side(comparison, user))

    def action_scroll(self, by: int) -> None:
        """Scroll by some lines."""
        self.query_one(".page").scroll_relative(y=by, animate=False)

    def _draw(self) -> None:
        if self._found is None:
            return
        comparison = self._found.comparison
        first = comparison.models[0]
        tied = [model.label for model in comparison.models if model.standing.get(comparison.metric) == "tied"]
        verdict = (
            f"{', '.join(tied)} are tied by {comparison.metric}: they differ by no more than chance."
            if tied
            else f"{first.label} is the best by {comparison.metric}, by more than chance."
        )
        about = f"{first.run.protocol} split, seed {first.run.seed}, {comparison.num_users:,} users"
        lines = [clean(about), "", *figure_lines(comparison), "", "* best by more than chance   = tied with the best"]
        lines += ["", *test_lines(comparison), "", *chart_lines(comparison)]
        if self._lists is not None and self._found.users:
            user = self._found.users[self._at]
            heading = f"User {user.user} ({self._at + 1} of the {len(self._found.users)} served most differently)"
            width = self.query_one(".page").size.width - 6
            lines = [clean(heading), *list_lines(self._lists, width), "", *lines]
        self._text.update(Content.assemble((clean(verdict), "bold $text"), "\n" + "\n".join(lines)))
