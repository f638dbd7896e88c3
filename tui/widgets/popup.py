"""Screens in front of the main screen, which close once however often that is requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from tui.keymap.keymap import UsesKeymap
from tui.widgets.contained import Contained
from tui.widgets.hints import KeyHints

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from tui.messages import JobView

    _Base = Screen[Any]
else:
    _Base = object

Value = TypeVar("Value")


class ClosedOnce(UsesKeymap, Contained, _Base):
    """A screen that closes only once. Textual would let a second key close the screen behind it."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close this screen, if it is still open."""
        closing: AwaitComplete = super().dismiss(result) if self.app.screen is self else AwaitComplete()
        return closing


class PopUp(ClosedOnce, ModalScreen[None]):
    """A page in front of the main screen: the widget with the class ``page``. The bottom line shows its keys."""

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Mount the keys that work here together with what a derived class composes."""
        await super().mount_composed_widgets([*widgets, KeyHints()])

    def job_changed(self, job: JobView) -> None:
        """A long job moves on, which most pages do not show."""

    DEFAULT_CSS = """
    PopUp {
        align: center middle;
        & > .page {
            width: 76;
            max-width: 94%;
            height: auto;
            max-height: 92%;
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
        & > KeyHints { dock: bottom; }
    }
    """
