"""Importing and exporting one's own ratings: a pop-up that asks for a file, and one for what an import did not find."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from engine.data.results import ImportReport, OwnRating, Unmatched
from tui.backend.backend import Backend
from tui.messages import Failed, OwnRatingsChanged, StatusChanged
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean, count, full_title
from tui.widgets.choices import ChoiceScreen
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.session import Item
    from tui.backend.protocols import SessionLike

_WHAT = (
    "The zip, folder or file that Letterboxd, IMDb, MyAnimeList, Goodreads, Netflix, Spotify or Last.fm gives you, a "
    "table with the columns title and rating, or what was exported here."
)


class FilePrompt(AskingPopUp):
    """Asks for the name of a file.

    Parameters
    ----------
    backend
        The way to the engine.
    title, hint, said
        The heading of the page, what the empty line shows, and what is said below it at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    FilePrompt > .page { width: 76; max-width: 96%; & > Static { margin: 0 1; color: $text-muted; } }
    """

    def __init__(self, backend: Backend, title: str, hint: str, said: str) -> None:
        super().__init__(backend, "own file")
        self._title, self._first = title, said
        self.line = QueryInput("File", hint, id="file")
        self._said = Static()

    def compose(self) -> ComposeResult:
        """The line, and what is said about it."""
        with Vertical(classes="page") as page:
            page.border_title = Content(self._title)
            page.border_subtitle = Content("Enter · Esc closes")
            yield self.line
            yield self._said

    def on_mount(self) -> None:
        """Begin with the line."""
        self.say(self._first)
        self.line.focus()

    def say(self, text: str) -> None:
        """Say something below the line."""
        self._said.update(Content(clean(text)))

    def submit(self, name: str) -> None:
        """Take the name of the file."""
        raise NotImplementedError

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if name := self.line.value.strip():
            self.submit(name)

    def failed(self, message: Failed) -> None:
        """Say why."""
        self.say(message.failure.text)


class ImportRatingsScreen(FilePrompt):
    """Asks for a person's export and adds its ratings to the profile.

    Parameters
    ----------
    backend
        The way to the engine.
    """

    def __init__(self, backend: Backend, profile: str) -> None:
        super().__init__(backend, "Import my ratings", "a path, such as ~/Downloads/letterboxd.zip", _WHAT)
        self._backend, self._profile = backend, profile

    def submit(self, name: str) -> None:
        """Read the export."""
        self.say("Reading …")
        self.ask(lambda session, job: session.me.import_file(Path(os.path.expanduser(name)), None, self._profile, job))

    def answered(self, value: ImportReport) -> None:
        """Say what was found, and show what was not."""
        app, backend = self.app, self._backend
        app.post_message(OwnRatingsChanged())
        app.post_message(StatusChanged(f"✓ {summary(value)}"))
        self.dismiss()
        if value.unmatched:
            app.push_screen(UnmatchedScreen(backend, value))


class ExportRatingsScreen(FilePrompt):
    """Asks for the name of a file and writes the profile to it; an existing file is replaced only when asked twice.

    Parameters
    ----------
    backend
        The way to the engine.
    """

    def __init__(self, backend: Backend, profile: str) -> None:
        said = f"In {Path.cwd()}; “Import my ratings” reads it again."
        super().__init__(backend, "Export my ratings", "a name ending in .csv or .json", said)
        self._profile, self._refused = profile, ""

    def on_mount(self) -> None:
        """Suggest a name."""
        super().on_mount()
        self.line.value = "my-ratings.csv"
        self.line.cursor_position = len(self.line.value)

    def submit(self, name: str) -> None:
        """Write the file."""
        self.ask(partial(_export, name, self._profile, replace=name == self._refused))

    def answered(self, value: tuple[str, int] | None) -> None:
        """Close, or ask whether an existing file is replaced."""
        if value is None:
            self._refused = self.line.value.strip()
            self.say(f"{self._refused} exists already. Enter again replaces it; another name keeps it.")
            return
        self.dismiss()
        self.app.post_message(StatusChanged(f"✓ {count(value[1], 'rating')} written to {value[0]}"))

    def failed(self, message: Failed) -> None:
        """Say why the file could not be written."""
        self._refused = ""
        super().failed(message)


def _export(name: str, profile: str, session: SessionLike, _: Any, *, replace: bool) -> tuple[str, int] | None:
    """Write the profile; None if the file exists. Runs in a worker thread."""
    from engine.errors import DataError, ErrorKind
    from engine.session import Target
    from tui.spreadsheet import defused

    path = Path(os.path.expanduser(name))
    try:
        return str(path), session.me.export(Target(path, replace, defused), profile)
    except DataError as error:
        if error.kind is ErrorKind.FILE_EXISTS:
            return None
        raise


class UnmatchedTable(Table[Unmatched]):
    """What an import did not find."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "choose", "match by hand", id="choose-line")]


class UnmatchedScreen(AskingPopUp):
    """The items of an export that are not in the data set, which can be matched by hand.

    Parameters
    ----------
    backend
        The way to the engine.
    report
        What the import did.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "close", id="close")]

    DEFAULT_CSS = """
    UnmatchedScreen > .page {
        width: 100; max-width: 96%; height: 80%;
        & > Static { margin: 0 1; height: auto; color: $text-muted; }
        & > UnmatchedTable { height: 1fr; }
    }
    """

    def __init__(self, backend: Backend, report: ImportReport) -> None:
        super().__init__(backend, "match by hand")
        self._report = report
        self._left = list(report.unmatched)
        self._said = Static()
        self._table = UnmatchedTable(
            (
                Column("Row", lambda one, _: "" if one.row is None else f"{one.row:,}", width=6, right=True),
                Column("In your file", lambda one, _: _label(one), share=3),
                Column("Nearest here", lambda one, _: full_title(one.nearest[0]) if one.nearest else "–", share=3),
            )
        )

    def compose(self) -> ComposeResult:
        """What the import did, and the table."""
        with Vertical(classes="page") as page:
            page.border_title = Content("Not in this data set")
            page.border_subtitle = Content("Enter matches one by hand · Esc closes")
            yield self._said
            yield self._table

    def on_mount(self) -> None:
        """Show what is left."""
        self._draw()
        self._table.focus()

    def _draw(self, note: str = "") -> None:
        self._said.update(Content(clean(note or f"{summary(self._report)}. The rest stays in your profile.")))
        self._table.show(self._left, cursor=self._table.cursor)

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        event.stop()
        row = self._table.row
        if row is None:
            return
        if not row.nearest:
            self._draw("Nothing here has a title like it; `recsys-tui me match` takes any item.")
            return
        items = row.nearest
        choices = [(full_title(one), ", ".join(one.genres)) for one in items]
        screen = ChoiceScreen(f"{_label(row)} is", choices, lambda place: self._match(row, items[place]))
        self.app.push_screen(screen)

    def _match(self, row: Unmatched, item: Item) -> None:
        title, number = _label(row), item.internal_id
        self.ask(lambda session, _: (row, session.me.match(title, number, self._report.profile)))

    def answered(self, value: tuple[Unmatched, OwnRating]) -> None:
        """Take it off the list."""
        row, own = value
        self._left = [one for one in self._left if one is not row]
        self.app.post_message(OwnRatingsChanged())
        if not self._left:
            self.dismiss()
            self.app.post_message(StatusChanged("✓ everything is matched"))
            return
        self._draw("" if own.item is None else f"✓ {_label(row)} is {full_title(own.item)}.")

    def failed(self, message: Failed) -> None:
        """Say why it could not be matched."""
        self._draw(message.failure.text)


def summary(report: ImportReport) -> str:
    """What an import did, in one line."""
    parts = [f"{report.added:,} new", f"{report.updated:,} updated", f"{report.unchanged:,} unchanged"]
    return f"{report.matched:,} of {report.rows:,} are in this data set; {', '.join(parts)}"


def _label(one: Unmatched) -> str:
    return one.title if one.year is None or str(one.year) in one.title else f"{one.title} ({one.year})"
