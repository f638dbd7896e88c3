"""Screens in front of the main screen, which close once however often that is requested."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import ModalScreen

from tui.keymap.keymap import UsesKeymap
from tui.widgets.cell_text import shorten
from tui.widgets.contained import Contained

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object

Value = TypeVar("Value")

#: Names of models and jobs, and what is said of them, take a line or two of the palette, in cells.
_LONGEST_NAME, _LONGEST_HELP = 70, 140


class ClosedOnce(UsesKeymap, Contained, _Base):
    """A screen that closes only once. Textual would let a second key close the screen behind it."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close this screen, if it is still open."""
        closing: AwaitComplete = super().dismiss(result) if self.app.screen is self else AwaitComplete()
        return closing


class PopUp(ClosedOnce, ModalScreen[None]):
    """A page in front of the main screen: the widget with the class ``page``."""

    DEFAULT_CSS = """
    PopUp {
        align: center middle;
        & > .page {
            width: 76;
            max-width: 94%;
            height: auto;
            max-height: 86%;
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


class PlainCommands(Provider):
    """The app's commands. Textual's own provider takes square brackets in a name for markup, which can hold actions."""

    async def discover(self) -> Hits:
        """All commands, by name."""
        for command in sorted(self.app.get_system_commands(self.screen), key=lambda command: command.title):
            name = shorten(command.title, _LONGEST_NAME)
            yield DiscoveryHit(Content(name), command.callback, name, _plain(command.help))

    async def search(self, query: str) -> Hits:
        """The commands whose names match what is typed, with the matching letters marked."""
        matcher = self.matcher(query)
        for command in self.app.get_system_commands(self.screen):
            name = shorten(command.title, _LONGEST_NAME)
            score, letters = matcher.fuzzy_search.match(query, name)
            if score > 0:
                shown = Content(name)
                for letter in letters:
                    shown = shown.stylize(matcher.match_style, letter, letter + 1)
                yield Hit(score, shown, command.callback, name, _plain(command.help))


def _plain(text: str) -> Any:
    # The palette parses what is a string, and draws content as it is, although its types know only strings.
    return Content(shorten(text, _LONGEST_HELP))


class Palette(ClosedOnce, CommandPalette):
    """Textual's palette, with a fix."""

    def _action_command_list(self, action: str) -> None:
        # Paging through a list that has not been laid out yet raises in Textual 8.2.
        with suppress(KeyError):
            super()._action_command_list(action)
