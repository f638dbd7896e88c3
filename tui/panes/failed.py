"""What a tab shows after its pane met an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

if TYPE_CHECKING:
    from engine.session import Item
    from tui.widgets.palette import AnyCommand


@dataclass
class ReloadTab(Message):
    """Make the pane of this tab anew."""

    name: str


class FailedPane(VerticalScroll):
    """A plain page in the place of a pane.

    It draws with nothing of this program, since it must also show where a widget of this program is what failed.

    Parameters
    ----------
    name
        The name of the tab.
    place
        Where the error was raised.
    report
        The report of the error; None if none could be written.
    traceback
        The traceback with the message of the error, for whoever asked for it; else empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r,f5", "reload", "reload the tab", id="retry")]

    DEFAULT_CSS = """
    FailedPane {
        border: round $error;
        border-title-color: $text;
        padding: 1 2;
        & > Static { height: auto; width: 1fr; }
        & > #failed-traceback { margin-top: 1; color: $text-muted; }
    }
    """

    last_focus: Widget | None = None
    status = ""

    def __init__(self, name: str, place: str, report: Path | None, traceback: str = "") -> None:
        super().__init__(id=name)
        self._tab = name
        self._place = place
        self._report = report
        self._traceback = traceback

    def compose(self) -> ComposeResult:
        """The page; paths and tracebacks are text and no markup."""
        report = (
            f"A report without personal data was written to\n{_plain(str(self._report))}"
            if self._report is not None
            else "A report could not be written, since the folder for it cannot be written."
        )
        yield Static(
            Content.assemble(
                ("This tab met an error", "bold"),
                f"\n\n{_plain(self._place)}\n\n{report}\n\n",
                "The other tabs work, and jobs go on.\n\n",
                ("r", "bold"),
                "  reloads the tab",
            )
        )
        if self._traceback:
            yield Static(Content(_plain(self._traceback)), id="failed-traceback")

    def action_reload(self) -> None:
        """Make the pane anew."""
        self.post_message(ReloadTab(self._tab))

    # -- what the app asks of every pane ----------------------------------------------------------------------
    is_untouched = False

    def record_columns(self) -> Mapping[str, Any]:
        """It has no lists."""
        return {}

    def restore_columns(self, record: object) -> None:
        """It has no lists."""

    def record(self) -> Mapping[str, Any]:
        """Record nothing: what the pane would have recorded may be what failed."""
        return {}

    def restore(self, record: Mapping[str, Any], items: Mapping[Any, Item]) -> None:
        """Restore nothing."""

    def refresh_state(self) -> None:
        """Draw nothing anew: the state of the app changes nothing here."""

    def focus_start(self) -> None:
        """Focus the page, so that its key works."""
        self.screen.set_focus(self)

    focus_again = focus_line = focus_start

    def help_keys(self) -> tuple[tuple[str, str], ...]:
        """The one key."""
        return (("r F5", "reload the tab"),)

    def explain(self, item: Item) -> None:
        """Know no reasons."""

    def commands(self) -> Iterable[AnyCommand]:
        """Add one entry to the palette."""
        from textual.app import SystemCommand

        yield SystemCommand("Reload the tab", "Make this tab anew after its error", self.action_reload)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)
