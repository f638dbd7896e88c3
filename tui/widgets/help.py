"""The keys, by the place they work in."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.formatting import fit
from tui.widgets.popup import PopUp

KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Everywhere",
        (
            ("1 2 3", "Search, User, Sequence; while typing: F2 F3 F4"),
            ("Tab Shift+Tab", "next and previous place on the screen"),
            ("Ctrl+P", "palette: train, embed, stop, theme …"),
            ("F5", "what the pane offers: embed, train, try again"),
            ("Esc", "close, stop this tab's job, or one step back"),
            ("F1 ?", "these keys"),
            ("q Ctrl+Q F10", "quit; while typing: the last two"),
        ),
    ),
    (
        "In a list",
        (
            ("↑ ↓ k j", "up and down"),
            ("PgUp PgDn", "a page up, a page down"),
            ("Home End g G", "first and last"),
            ("Enter d", "details"),
            ("m", "more like this"),
            ("a", "add to the sequence"),
            ("y Y", "copy the title, the id"),
            ("/", "back to the line one types into"),
        ),
    ),
    (
        "Search",
        (
            ("Ctrl+T", "hybrid, semantic or keyword search"),
            ("", "after m: alike by meaning, by taste or by both"),
            ("e", "embed, so that search understands meaning"),
            ("↑ ↓", "in an empty line: earlier searches"),
            ("genre:comedy", "a filter; also year:1990..1999, rating:>=8"),
            ("-genre:horror", "what must not be"),
            ("Tab →", "complete a filter; ↑ ↓ choose, Esc closes"),
        ),
    ),
    (
        "User",
        (
            ("Enter", "from a user to the recommendations"),
            ("t", "train the model that is offered; others: palette"),
            ("Ctrl+T", "the next of the trained models answers"),
        ),
    ),
    (
        "Sequence",
        (
            ("Enter", "append: the marked title, or what comes next"),
            ("x Delete", "remove"),
            ("K J", "move up and down; also Shift+↑ Shift+↓"),
            ("u", "undo"),
            ("X", "remove all"),
            ("t", "train the model that is offered; others: palette"),
            ("Ctrl+T", "the next of the trained models answers"),
        ),
    ),
)


class HelpScreen(PopUp):
    """An overlay with all keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q,enter", "dismiss", "close"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
    ]

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll {
            width: 76;
            max-width: 94%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            background: $surface;
            border: round $primary;
            border-title-color: $text;
            border-subtitle-color: $text-muted;
            scrollbar-size-vertical: 1;
            scrollbar-color: $foreground 50%;
            scrollbar-background: $background;
        }
        & Static { height: auto; }
    }
    """

    def compose(self) -> ComposeResult:
        """One page of text."""
        with VerticalScroll() as page:
            page.border_title = Content("Keys")
            page.border_subtitle = Content("↑ ↓ scroll · Esc closes")
            yield Static(_keys())

    def action_scroll(self, by: int) -> None:
        """Scroll the page."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def _keys() -> Content:
    parts: list[Content | str | tuple[str, str]] = []
    for place, keys in KEYS:
        parts.append(("\n\n" * bool(parts) + place, "bold $text"))
        for key, what in keys:
            parts += [("\n  " + fit(key, 16), "bold $text-primary"), (what, "$text")]
    return Content.assemble(*parts)
