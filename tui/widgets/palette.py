"""The palette: what can be done now, by the place it belongs to, with its key and its present state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.widgets.cell_text import clean, fit, shorten
from tui.widgets.popup import ClosedOnce

if TYPE_CHECKING:
    from textual.app import SystemCommand
    from textual.screen import Screen

#: Names of models and jobs, and what is said of them, take a line or two of the palette, in cells.
_LONGEST_NAME, _LONGEST_HELP = 52, 140
#: So wide is the place before a name.
_PLACE = 9


class Command(NamedTuple):
    """A command of the palette; the first four fields are those of Textual's ``SystemCommand``.

    Attributes
    ----------
    title, help, callback, discover
        As of ``textual.app.SystemCommand``.
    action
        The name of the action that has a key, such as ``"train"``; empty if there is none.
    state
        What is the case now: ``"on"``, ``"current"``, the name of the theme.
    place
        What it belongs to; the app fills it in.
    """

    title: str
    help: str
    callback: Callable[[], Any]
    discover: bool = True
    action: str = ""
    state: str = ""
    place: str = ""


AnyCommand: TypeAlias = "Command | SystemCommand"


def placed(place: str, commands: Iterable[AnyCommand]) -> Iterable[Command]:
    """Commands as those of a place."""
    for command in commands:
        yield (command if isinstance(command, Command) else Command(*command))._replace(place=place)


def keys_on(screen: Screen[Any]) -> dict[str, str]:
    """How the key of each action that has one on a screen is written."""
    found: dict[str, str] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id and binding.id not in found:
            found[binding.id] = clean(screen.app.get_key_display(binding))
    return found


class PlacedCommands(Provider):
    """The app's commands. Textual's own provider takes square brackets in a name for markup, which can hold actions."""

    def _all(self) -> list[Command]:
        return [
            command if isinstance(command, Command) else Command(*command)
            for command in self.app.get_system_commands(self.screen)
        ]

    async def discover(self) -> Hits:
        """All commands, by their places."""
        keys = keys_on(self.screen)
        for command in self._all():
            name = shorten(command.title, _LONGEST_NAME)
            shown = _shown(command, Content(name), keys)
            yield DiscoveryHit(shown, command.callback, name, _plain(command.help) if command.help else None)

    async def search(self, query: str) -> Hits:
        """The commands whose names match what is typed, with the matching letters marked."""
        matcher, keys = self.matcher(query), keys_on(self.screen)
        for command in self._all():
            name = shorten(command.title, _LONGEST_NAME)
            score, letters = matcher.fuzzy_search.match(query, name)
            if score > 0:
                marked = Content(name)
                for letter in letters:
                    marked = marked.stylize(matcher.match_style, letter, letter + 1)
                yield Hit(
                    score,
                    _shown(command, marked, keys),
                    command.callback,
                    name,
                    _plain(command.help) if command.help else None,
                )


def _shown(command: Command, name: Content, keys: Mapping[str, str]) -> Any:
    # The palette's types know only strings, and it draws content as it is.
    parts: list[Content | tuple[str, str]] = [(fit(command.place, _PLACE) + " ", "dim"), name]
    if key := keys.get(command.action):
        parts.append((f"  {key}", "bold"))
    if command.state:
        parts.append((f"  ● {clean(command.state)}", "italic"))
    return Content.assemble(*parts)


def _plain(text: str) -> Any:
    # The palette parses what is a string, and draws content as it is, although its types know only strings.
    return Content(shorten(text, _LONGEST_HELP))


class Palette(ClosedOnce, CommandPalette):
    """Textual's palette, with a fix."""

    def _action_command_list(self, action: str) -> None:
        # Paging through a list that has not been laid out yet raises in Textual 8.2.
        with suppress(KeyError):
            super()._action_command_list(action)
