"""The line that says what is going on, and how the last answer came about."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.messages import JobView
from tui.state import Pace
from tui.widgets.bars import progress_bar
from tui.widgets.notice import job_figures, job_heading
from tui.widgets.text import fit, shorten

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 12


class StatusBar(Widget):
    """A running job first, else what is being waited for, else the last answer."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--bar", "status--rest"}

    DEFAULT_CSS = """
    StatusBar {
        height: 1;
        color: $text-muted;
        & > .status--bar { color: $text-accent; }
        & > .status--rest { color: $text-muted; }
    }
    """

    said: reactive[str] = reactive("")
    """How the last answer came about."""
    job: reactive[JobView | None] = reactive(None)
    """The job that runs."""
    others: reactive[int] = reactive(0)
    """How many more wait."""
    _waiting: reactive[str] = reactive("")

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace
        self._sources: dict[str, str] = {}
        self._frame = 0
        self._spinner: Timer | None = None
        self._patience: Timer | None = None

    def busy(self, source: str, text: str) -> None:
        """Note that something is waited for, or with an empty text no longer; it shows after a moment."""
        self._sources.pop(source, None)
        if text:
            self._sources[source] = text
        if not self._sources:
            self._rest()
        elif self._waiting:
            self._wait()
        elif self._patience is None:
            self._patience = self.set_timer(self._pace.patience, self._wait)

    def _wait(self) -> None:
        if not self._sources:
            return
        self._waiting = list(self._sources.values())[-1]
        if self._spinner is None and self._pace.frame:
            self._spinner = self.set_interval(self._pace.frame, self._turn)

    def _rest(self) -> None:
        for timer in (self._patience, self._spinner):
            if timer is not None:
                timer.stop()
        self._patience = self._spinner = None
        self._waiting = ""

    def _turn(self) -> None:
        self._frame += 1
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width, plain = self.size.width, self.rich_style
        if self.job is None:
            text = f"{_FRAMES[self._frame % len(_FRAMES)]} {self._waiting}" if self._waiting else self.said
            return Strip([Segment(" " + fit(text, width - 1), plain)])
        heading, figures = job_heading(self.job), job_figures(self.job)
        segments = [Segment(" " + heading + "  ", self.get_visual_style("status--rest").rich_style)]
        progress = self.job.progress
        if progress is not None and progress.total:
            done, undone = progress_bar(progress.done / progress.total, _BAR)
            segments += [Segment(done, self.get_visual_style("status--bar").rich_style), Segment(undone + "  ", plain)]
        if self.others:
            figures += f" · {self.others} more waiting"
        room = width - sum(cell_len(segment.text) for segment in segments)
        aside = shorten(self._waiting or self.said, max(room - cell_len(figures) - 4, 0))
        if len(aside) < 8:
            aside = ""
        segments.append(Segment(fit(figures, room - cell_len(aside) - 1), plain))
        segments.append(Segment(aside + " ", plain))
        return Strip(segments).adjust_cell_length(width, plain)
