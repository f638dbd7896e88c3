"""Importing and exporting one's own ratings: pop-ups that ask for a file."""

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

from engine.data.results import ImportReport
from tui.backend.backend import Backend
from tui.messages import Answered, Failed, OwnRatingsChanged, StatusChanged
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean, count, full_title
from tui.widgets.completions import Completions
from tui.widgets.query_input import QueryInput
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from tui.backend.protocols import SessionLike

#: So many titles that are spelled otherwise are named after an import.
_SPELLED = 5
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

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "back", id="step-back"),
        Binding("tab", "complete", "complete", key_display="Tab", priority=True, id="complete"),
    ]

    DEFAULT_CSS = """
    FilePrompt > .page { width: 76; max-width: 96%; & > Static { margin: 0 1; color: $text-muted; } }
    """

    def __init__(self, backend: Backend, title: str, hint: str, said: str) -> None:
        super().__init__(backend, "own file")
        # Paths have a mailbox of their own: one that is looked up while a file is read must not end the reading.
        self._looking = backend.mailbox("paths", self.post_message)
        self._title, self._first = title, said
        self.line = QueryInput("File", hint, id="file")
        self._paths: Completions[str] = Completions((Column("Path", lambda path, _: clean(path)),))
        self._said = Static()

    def compose(self) -> ComposeResult:
        """The line, the paths that begin so, and what is said about it."""
        with Vertical(classes="page") as page:
            page.border_title = Content(self._title)
            page.border_subtitle = Content("Tab completes · Enter · Esc closes")
            yield self.line
            yield self._paths
            yield self._said

    def on_mount(self) -> None:
        """Begin with the line."""
        self.say(self._first)
        self.line.focus()

    def on_unmount(self) -> None:
        """End the thread that looks for paths, too."""
        self._looking.close()

    def say(self, text: str) -> None:
        """Say something below the line."""
        self._said.update(Content(clean(text)))

    def submit(self, name: str) -> None:
        """Take the name of the file."""
        raise NotImplementedError

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._paths.marked and self._paths.choice is not None:
            self._take(self._paths.choice)
            return
        self._looking.withdraw()
        self._paths.close()
        if name := self.line.value.strip():
            self.submit(name)

    # -- paths ------------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        text = event.value
        self._looking.ask(lambda session, _: session.datasets.complete_path(text) if text.strip() else [])

    def on_answered(self, message: Answered) -> None:
        """Offer the paths that were found; :class:`AskingPopUp` handles the other answers."""
        if self._looking.is_current(message.request):
            if message.value and message.value != [self.line.value]:
                self._paths.show(message.value, marked=False, hint="Tab takes it")
            else:
                self._paths.close()
            self.line.set_leads_on(self._paths.open)

    @on(QueryInput.Arrow)
    def _arrow(self, event: QueryInput.Arrow) -> None:
        event.stop()
        if self._paths.open:
            self._paths.step(event.by)

    @on(Table.Chosen)
    def _clicked(self, event: Table.Chosen) -> None:
        event.stop()
        if self._paths.choice is not None:
            self._take(self._paths.choice)

    def _take(self, path: str) -> None:
        self.line.value = path
        self.line.cursor_position = len(path)

    def action_complete(self) -> None:
        """Take the path that is marked, or the first one."""
        if self._paths.choice is not None:
            self._take(self._paths.choice)

    def action_step_back(self) -> None:
        """Close the paths, or this page."""
        if self._paths.open:
            self._looking.withdraw()
            self._paths.close()
        else:
            self.dismiss()

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
            from tui.panes.match_by_hand import UnmatchedScreen

            said = "\n".join([f"{summary(value)}. The rest stays in your profile.", *remarks(value)])
            app.push_screen(UnmatchedScreen(backend, value.profile, value.unmatched, said))
        elif lines := remarks(value):
            from tui.panes.text_page import TextPage

            text = "\n".join(map(clean, [f"{summary(value)}.", "", *lines]))
            app.push_screen(TextPage("Imported", Content(text)))


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


def summary(report: ImportReport) -> str:
    """What an import did, in one line."""
    parts = [f"{report.added:,} new", f"{report.updated:,} updated", f"{report.unchanged:,} unchanged"]
    return f"{report.matched:,} of {report.rows:,} are in this data set; {', '.join(parts)}"


def remarks(report: ImportReport) -> list[str]:
    """What an import took to mean something else than what is written, and what it did not take over."""
    spelled = [f"“{title}” is taken as {full_title(item)}." for title, item in report.respelled]
    more = [f"{len(spelled) - _SPELLED:,} more are spelled otherwise."] if len(spelled) > _SPELLED else []
    return [*report.notes, *spelled[:_SPELLED], *more]
