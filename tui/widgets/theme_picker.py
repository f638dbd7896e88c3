"""The themes, each shown by the whole app while the cursor is on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.content import Content
from textual.theme import Theme
from textual.timer import Timer

from tui.widgets.choices import ChoiceScreen, ChoiceTable
from tui.widgets.table import Table

#: Seconds that the cursor must rest before a theme is shown: drawing everything anew takes a moment.
_REST = 0.08


class ThemePicker(ChoiceScreen):
    """A list of themes. Enter keeps the one under the cursor, Esc goes back to the one before.

    Parameters
    ----------
    themes
        The themes, in the order in which they are listed.
    current
        The name of the theme that holds.
    chosen
        Called with the name of the chosen theme.
    """

    def __init__(self, themes: Sequence[Theme], current: str, chosen: Callable[[str], None]) -> None:
        self._names = [theme.name for theme in themes]
        self._before = current
        self._resting: Timer | None = None
        choices = [(f"{'●' if theme.name == current else '○'} {theme.name}", _kind(theme)) for theme in themes]
        super().__init__("Theme", choices, lambda line: chosen(self._names[line]))

    def on_mount(self) -> None:
        """Begin at the theme that holds."""
        super().on_mount()
        table = self.query_one(ChoiceTable)
        table.border_subtitle = Content("● now · Enter keeps · Esc goes back")
        if self._before in self._names:
            table.show(self._choices, cursor=self._names.index(self._before))

    @on(Table.Moved)
    def _moved(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST, self.show_highlighted)

    def show_highlighted(self) -> None:
        """Have the app look as the theme under the cursor."""
        if self.is_attached and self.is_current:
            self.app.theme = self._names[self.query_one(ChoiceTable).cursor]

    def action_dismiss(self, result: None = None) -> None:  # type: ignore[override]
        """Go back to the theme before."""
        self.app.theme = self._before
        self.dismiss()


def _kind(theme: Theme) -> str:
    shade = "dark" if theme.dark else "light"
    return f"{shade}, 16 colours" if theme.ansi else shade
