"""The status line: what is going on, and how the last answer came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from tui.pace import Pace
from tui.widgets.bars import progress_bar
from tui.widgets.cell_text import fit, shorten
from tui.widgets.contained import Contained
from tui.widgets.notice import job_figures, job_heading

if TYPE_CHECKING:
    from tui.messages import JobView

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 12
#: Notes that begin with one of these are news, and are drawn brighter than how an answer came about.
_NEWS = ("✓", "✗")
#: So many cells of a name tell what it is.
_LEAST_NAME = 12


class StatusBar(Contained, Widget):
    """Shows the running job, or else what is awaited, or else how the last answer came about."""

    DEFAULT_CSS = """
    StatusBar { height: 1; color: $text-muted; text-wrap: nowrap; }
    """

    note: reactive[str] = reactive("")
    """How the last answer came about."""
    job: reactive[JobView | None] = reactive(None)
    """The job that runs."""
    others: reactive[int] = reactive(0)
    """How many more jobs wait."""
    next: reactive[str] = reactive("")
    """The job that is next."""
    _waiting: reactive[str] = reactive("")

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace
        self._sources: dict[str, str] = {}
        self._frame = 0
        self._spinner: Timer | None = None
        self._patience: Timer | None = None

    def busy(self, source: str, text: str) -> None:
        """Note that something is awaited, or no longer if the text is empty; it is shown after a moment."""
        if text:
            self._sources[source] = text
        else:
            self._sources.pop(source, None)
        if not self._sources:
            self._rest()
        elif self._waiting or not self._pace.patience:
            self._wait()
        elif self._patience is None:
            self._patience = self.set_timer(self._pace.patience, self._wait)

    def tell(self, note: str, *, loud: bool = False) -> None:
        """Show a note, and one of a failure in front of the screen as well if the bar cannot show all of it.

        Parameters
        ----------
        note
            The note. That of a failure begins with ``✗``.
        loud
            Whether it is told in front of the screen in any case.
        """
        self.note = note
        has_room = self.job is None and cell_len(note) <= self.size.width - 2
        if loud or (note.startswith("✗") and not has_room):
            self.app.notify(note.removeprefix("✗ "), severity="error", markup=False, timeout=10)

    def clear(self) -> None:
        """Forget everything: another data set is being opened."""
        self._sources.clear()
        self._rest()
        self.note, self.job, self.others = "", None, 0

    def _wait(self) -> None:
        if not self._sources:
            return
        # The others usually wait for the oldest one.
        self._waiting = next(iter(self._sources.values()))
        self._spin()

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.stop()
        self._patience, self._waiting = None, ""
        self._spin()

    def watch_job(self) -> None:
        """Turn the spinner while a job cannot say how far it is."""
        self._spin()

    @property
    def _is_vague(self) -> bool:
        if self.job is None or self.job.state not in ("running", "stopping"):
            return False
        progress = self.job.progress
        return self.job.state == "stopping" or progress is None or not progress.total

    def _spin(self) -> None:
        turns = bool(self._waiting) or self._is_vague
        if turns and self._spinner is None and self._pace.frame:
            self._spinner = self.set_interval(self._pace.frame, self._turn)
        elif not turns and self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def _turn(self) -> None:
        self._frame += 1
        self.refresh()

    @property
    def _spoke(self) -> str:
        return _FRAMES[self._frame % len(_FRAMES)]

    def render(self) -> Content:
        """The line."""
        width = self.size.width
        if self.job is None:
            text = f"{self._spoke} {self._waiting}" if self._waiting else self.note
            return Content.assemble((" " + _shortened(text, width - 2), "$text" if text[:1] in _NEWS else ""))
        turning = f"{self._spoke} " if self._is_vague else ""
        heading, figures = f" {turning}{job_heading(self.job)}  ", [job_figures(self.job)]
        done = undone = ""
        progress = self.job.progress
        if progress is not None and progress.total:
            done, undone = progress_bar(progress.done / progress.total, _BAR)
            undone += "  "
        if self.next:
            more = f", {self.others - 1} more" if self.others > 1 else ""
            figures.append(f"then {self.next}{more}")
        text = " · ".join(filter(None, figures))
        room = width - cell_len(heading + done + undone) - 1
        aside = self._waiting or self.note
        if cell_len(text) + cell_len(aside) + 3 > room:
            aside = ""
        text = fit(text, room - cell_len(aside))
        return Content.assemble(heading, (done, "$text-accent"), undone, text, aside)


def _shortened(text: str, width: int) -> str:
    """A note of at most so many cells. Of news the name of what was changed is cut: the end says how to undo it.

    Examples
    --------
    >>> _shortened("✓ Dog Day Afternoon (1975): rated 4 · u undoes", 38)
    '✓ Dog Day Afternoo…: rated 4 · u undoes'
    """
    name, colon, said = text.rpartition(": ")
    room = width - cell_len(colon + said)
    if cell_len(text) > width and text[:1] in _NEWS and room >= _LEAST_NAME:
        return shorten(name, room) + colon + said
    return shorten(text, width)
