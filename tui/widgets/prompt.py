"""Short questions in front of the screen: for a text, and for yes or no."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.widgets.cell_text import paragraphs
from tui.widgets.popup import PopUp
from tui.widgets.query_input import QueryInput


class TextPrompt(PopUp):
    """Asks for one line of text.

    Parameters
    ----------
    title
        What is asked for.
    value
        What the line holds at first.
    answered
        Called with the text, without the spaces around it, unless it is empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", id="close")]

    DEFAULT_CSS = "TextPrompt > QueryInput { width: 60; max-width: 94%; background: $surface; }"

    def __init__(self, title: str, value: str, answered: Callable[[str], None]) -> None:
        super().__init__()
        self._line = QueryInput(title, "")
        self._line.value = value
        self._answered = answered

    def compose(self) -> ComposeResult:
        """The line."""
        yield self._line

    def on_mount(self) -> None:
        """Begin with all of the text selected."""
        self._line.focus()
        self._line.select_all()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        self.dismiss()
        if text:
            self._answered(text)


class Question(PopUp):
    """Asks whether to do something.

    Parameters
    ----------
    title, text
        The question, and what the answer means.
    yes
        What ``y`` does, in a word.
    confirmed
        Called on ``y``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "yes", id="confirm"),
        Binding("n,escape,q", "dismiss", "no", id="close"),
    ]

    DEFAULT_CSS = "Question > .page { width: 68; }"

    def __init__(self, title: str, text: str, yes: str, confirmed: Callable[[], object]) -> None:
        super().__init__()
        self._title, self._text, self._yes, self._confirmed = title, text, yes, confirmed

    def compose(self) -> ComposeResult:
        """The question and the keys."""
        with Vertical(classes="page") as page:
            page.border_title = Content(self._title)
            page.border_subtitle = Content(f"y {self._yes} · Esc no")
            yield Static(Content(paragraphs(self._text)))

    def action_confirm(self) -> None:
        """Do it."""
        self.dismiss()
        self._confirmed()
