"""Screens in front of the main screen, which close once however often that is requested."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object

Value = TypeVar("Value")


class ClosedOnce(_Base):
    """A screen that closes only once. Textual would let a second key close the screen behind it."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close this screen, if it is still open."""
        closing: AwaitComplete = super().dismiss(result) if self.app.screen is self else AwaitComplete()
        return closing


class PopUp(ClosedOnce, ModalScreen[None]):
    """A page in front of the main screen."""


class Palette(ClosedOnce, CommandPalette):
    """Textual's palette, with a fix."""

    def _action_command_list(self, action: str) -> None:
        # Paging through a list that has not been laid out yet raises in Textual 8.2.
        with suppress(KeyError):
            super()._action_command_list(action)
