"""A short list in front of the screen, of which one line is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.widgets.cell_text import clean
from tui.widgets.popup import PopUp
from tui.widgets.table import Column, Table

#: What is shown of a choice: its name, and what kind of thing it is.
Choice = tuple[str, str]


class ChoiceTable(Table[Choice]):
    """The choices."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "choose", id="choose-line")]

    def __init__(self) -> None:
        super().__init__(
            (
                Column("", lambda choice, _: choice[0], share=2),
                Column("", lambda choice, _: choice[1], share=2, style="muted"),
            ),
            heading=False,
        )


class ChoiceScreen(PopUp):
    """A list of choices; choosing one closes it.

    Parameters
    ----------
    title
        The question.
    choices
        The lines.
    chosen
        Called with the position of the chosen line.
    width
        The width of the list where there is room for it, in cells.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    ChoiceScreen {
        align: center middle;
        & > ChoiceTable {
            max-width: 94%;
            height: auto;
            max-height: 70%;
            padding: 0 1;
            background: $surface;
            border: round $primary;
            border-title-color: $text;
            border-subtitle-color: $text-muted;
        }
    }
    """

    def __init__(
        self, title: str, choices: Sequence[Choice], chosen: Callable[[int], None], *, width: int = 60
    ) -> None:
        super().__init__()
        self._title, self._choices, self._call, self._width = title, tuple(choices), chosen, width

    def compose(self) -> ComposeResult:
        """The list."""
        yield ChoiceTable()

    def on_mount(self) -> None:
        """Fill the list."""
        table = self.query_one(ChoiceTable)
        table.styles.width = self._width
        table.border_title = Content(clean(self._title))
        table.border_subtitle = Content("Enter chooses · Esc closes")
        table.show(self._choices)
        table.focus()

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        self.dismiss()
        self._call(event.table.cursor)
