"""Where a list goes to: the format is chosen first, and for a file its name is asked."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.backend.backend import Backend
from tui.listing import FORMATS, Format, Listing
from tui.messages import CopyText, Failed, StatusChanged
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean, count
from tui.widgets.choices import ChoiceScreen
from tui.widgets.query_input import QueryInput

if TYPE_CHECKING:
    from textual.app import App

_ENDINGS = tuple(f".{kind}" for kind in FORMATS)
_UNNAMED = re.compile(r"[^a-z0-9]+")
#: So long is the suggested name of a file at most.
_LONGEST_NAME = 48


def ask_where(app: App[Any], backend: Backend, listing: Listing) -> None:
    """Ask for the format, and then for the name of the file unless the list is copied."""
    choices = [(f"{name} file …", "asks for its name") for name in FORMATS.values()]
    choices += [(f"copy as {name}", "to the clipboard") for name in FORMATS.values()]
    kinds = (*FORMATS, *FORMATS)

    def chosen(place: int) -> None:
        kind = kinds[place]
        if place < len(FORMATS):
            app.push_screen(ExportScreen(backend, listing, kind))
        else:
            app.post_message(
                CopyText(listing.as_text(kind), f"{count(len(listing.records), 'row')} as {FORMATS[kind]}")
            )

    app.push_screen(ChoiceScreen(f"Export {count(len(listing.records), 'row')}", choices, chosen))


def file_name(title: str, kind: Format) -> str:
    """A name for the file of a list.

    Examples
    --------
    >>> file_name("Recommended for 12 · svd", "csv")
    'recommended-for-12-svd.csv'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    stem = _UNNAMED.sub("-", plain).strip("-")[:_LONGEST_NAME].strip("-")
    return f"{stem or 'list'}.{kind}"


class ExportScreen(AskingPopUp):
    """Asks for the name of a file and writes a list to it; an existing file is replaced only when asked twice.

    Parameters
    ----------
    backend
        Writes the file in a worker thread.
    listing, kind
        The list and the format.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    ExportScreen > .page { width: 76; & > Static { margin: 0 1; color: $text-muted; } }
    """

    def __init__(self, backend: Backend, listing: Listing, kind: Format) -> None:
        super().__init__(backend, "export list")
        self._listing, self._kind = listing, kind
        self._line = QueryInput("File", f"a name ending in {' or '.join(_ENDINGS)}", id="file")
        self._said = Static()
        self._refused = ""

    def compose(self) -> ComposeResult:
        """The line, and what is said about it."""
        with Vertical(classes="page") as page:
            page.border_title = Content(f"Write {count(len(self._listing.records), 'row')}")
            page.border_subtitle = Content("Enter writes · Esc closes")
            yield self._line
            yield self._said

    def on_mount(self) -> None:
        """Suggest a name."""
        self._line.value = file_name(self._listing.title, self._kind)
        self._line.cursor_position = len(self._line.value)
        self._say(f"in {Path.cwd()}")
        self._line.focus()

    def _say(self, text: str) -> None:
        self._said.update(Content(clean(text)))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._refused and event.value.strip() != self._refused:
            self._refused = ""
            self._say(f"in {Path.cwd()}")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = self._line.value.strip()
        if name:
            self.ask(partial(_write, self._listing, name, replace=name == self._refused))

    def answered(self, value: Any) -> None:
        """Close, or ask whether an existing file is replaced."""
        if value is None:
            self._refused = self._line.value.strip()
            self._say(f"{self._refused} exists already. Enter again replaces it; another name keeps it.")
            return
        self.dismiss()
        what = count(len(self._listing.records), "row")
        self.app.post_message(StatusChanged(f"✓ {what} written to {value}"))

    def failed(self, message: Failed) -> None:
        """Say why the file could not be written."""
        self._refused = ""
        self._say(message.failure.text)


def _write(listing: Listing, name: str, *_: Any, replace: bool) -> Path | None:
    """Write a list in the format of the file's ending; None if the file exists. Runs in a worker thread."""
    from engine.errors import DataError, ErrorKind
    from engine.session import Target, write_text

    path = Path(os.path.expanduser(name))
    kind = path.suffix.lower().removeprefix(".")
    text = listing.as_text(kind if kind in FORMATS else "csv")
    try:
        return write_text(Target(path, replace), text, _ENDINGS)
    except DataError as error:
        if error.kind is ErrorKind.FILE_EXISTS:
            return None
        raise
