"""What a pane shows when it has no rows: what happened, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from tui.keymap.keymap import shown_key
from tui.widgets.bars import progress_bar, sparkline
from tui.widgets.cell_text import clean, count, duration, paragraphs

if TYPE_CHECKING:
    from tui.messages import Failure, JobView

#: In fewer lines than this every one is needed: for a heading, a sentence and the key that helps.
_LOW = 5
#: The blank lines above and below a notice where there is room for them.
_BLANK = 2
#: Parts of a notice of which none is left out: its heading, its first sentence, and the key that helps.
_NEEDED = 3
#: Values of a job that are shown in places of their own.
_SHOWN_ELSEWHERE = ("epoch", "epochs", "pace", "seconds_left")


class Notice(Static):
    """A few centred lines: a heading, a sentence or two, and the key that helps."""

    DEFAULT_CSS = """
    Notice {
        height: 1fr;
        padding: 1 2;
        content-align: center middle;
        text-align: center;
        color: $text-muted;

        &.-low { padding: 0 2; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._written = Content()
        self._again: Callable[[], None] = lambda: None

    def on_resize(self) -> None:
        """Leave out what there is no room for."""
        self._again()

    def show(self, heading: str, text: str = "", action: tuple[str, str, str] | None = None) -> None:
        """Show a heading, a text, and the key to press next.

        Parameters
        ----------
        heading, text
            What happened; paragraphs of the text are separated by empty lines.
        action
            The name of the action, the key that it has by default, and what it does.
        """
        parts = [Content.styled(clean(heading), "bold $text")]
        parts += [Content(part) for part in paragraphs(text).split("\n\n") if part]
        if action is not None:
            parts.append(self._offer(*action))
        self._write(parts)

    def show_failed(self, heading: str, failure: Failure) -> None:
        """Show why something failed; F5 tries again."""
        self.show(heading, failure.text, ("retry", "F5", "try again"))

    def show_job(self, job: JobView, stop: str = "Esc") -> None:
        """Show how far a job is, and the key that stops it; none where ``stop`` is empty."""
        lines: list[Content] = [Content.styled(job_heading(job), "bold $text")]
        progress = job.progress
        if progress is not None and job.state != "waiting":
            if progress.total:
                done, undone = progress_bar(progress.done / progress.total, 32)
                lines.append(Content.assemble((done, "$text-accent"), undone))
            figures = job_figures(job)
            if figures:
                lines.append(Content(figures))
            if len(job.losses) > 1:
                lines.append(Content.assemble("loss ", (sparkline(job.losses, 32), "$text-accent")))
        if stop and job.state in ("waiting", "running", "paused"):
            lines.append(self._offer("stop", stop, "stop"))
        self._write(lines)

    def _offer(self, action: str, default: str, what: str) -> Content:
        key, box = shown_key(self.app, action, default), "$text on $primary 40%"
        return Content.assemble((" ", box), (f"{key} ", f"bold {box}"), ("  ", ""), (clean(what), "$text"))

    def _write(self, parts: Sequence[Content]) -> None:
        self._again = partial(self._write, parts)
        width, height = self.content_size.width, self.outer_size.height
        kept = list(parts)
        while height and len(kept) > _NEEDED and _lines_of(kept, width) > height:
            del kept[-2]  # the key stands last, and the heading and the reason first
        lines = _lines_of(kept, width)
        low = 0 < height < max(_LOW, lines + _BLANK)
        self.set_class(low, "-low")
        roomy = not height or lines + len(kept) - 1 <= height - (0 if low else _BLANK)
        content = Content("\n\n" if roomy else "\n").join(kept)
        if not content.is_same(self._written):
            self._written = content
            self.update(content, layout=False)  # it fills its panel, whatever the text


def _lines_of(parts: Sequence[Content], width: int) -> int:
    """The lines that parts take below each other."""
    return sum(len(line.wrap(max(width, 1))) for part in parts for line in part.split("\n", allow_blank=True))


def what_was_kept(job: JobView) -> str:
    """What is kept of a job that was stopped, to be said after that."""
    progress = job.progress
    if job.resumable and progress is not None and progress.total and progress.unit == "texts":
        if not progress.done:
            return " before anything was done"
        return f"; {progress.done:,} of {progress.total:,} texts are kept, and it goes on from there"
    return "; what was done is kept" if job.resumable or job.goes_on_later else ""


def job_heading(job: JobView) -> str:
    """What a job is doing, in a line."""
    label = job.label[:1].upper() + job.label[1:]
    match job.state:
        case "waiting":
            return clean(f"{label}: waits for {waits_for(job)}")
        case "paused":
            return clean(f"{label}: paused")
        case "stopping":
            return clean(f"Stopping {job.label} …")
        case "running":
            stage = job.progress.stage if job.progress is not None else ""
            if stage.startswith(job.label):
                return clean(stage[:1].upper() + stage[1:])
            return clean(label if stage in job.label else f"{label}: {stage}")
        case ended:
            return clean(f"{label} {ended}")


def _is_elsewhere(name: str) -> bool:
    """Whether a value of a job is shown in a place of its own, or as a curve."""
    return name in _SHOWN_ELSEWHERE or name.startswith("validation ")


def waits_for(job: JobView) -> str:
    """What a job waits for, and for how long where that is known."""
    if not job.waits_for:
        return "its turn"
    more = len(job.waits_for) - 1
    return (
        job.waits_for[0]
        + (f" and {more} more" if more else "")
        + ("" if job.wait is None else f", {duration(max(job.wait, 1))}")
    )


def one_of(unit: str) -> str:
    """The singular of what is counted: a batch of batches, and a piece of what has no name."""
    return unit.removesuffix("es" if unit.endswith("ches") else "s") or "piece"


def pace_text(pace: float, unit: str) -> str:
    """How many of something are done in a second, or how long each takes where that is longer."""
    if pace < 1:
        return f"{duration(1 / pace)} per {one_of(unit)}"
    return f"{pace:,.1f} {unit}/s" if pace < 10 else f"{pace:,.0f} {unit}/s"


def job_figures(job: JobView) -> str:
    """How far a job is, in numbers: share, counts, loss, pace, time left."""
    progress = job.progress
    if progress is None:
        return ""
    values = dict(progress.values)
    parts, is_share = [], progress.unit == "%"
    if progress.total:
        parts.append(f"{progress.done / progress.total:.0%}")
    if is_share:
        pass  # the share says it all
    elif "epoch" in values and progress.unit not in ("epochs", "sweeps"):
        of = f" of {values['epochs']:.0f}" if "epochs" in values else ""
        parts.append(f"epoch {values['epoch']:.0f}{of}")
    elif progress.total:
        parts.append(f"{progress.done:,} of {count(progress.total, one_of(progress.unit), progress.unit)}")
    elif progress.done:
        parts.append(count(progress.done, one_of(progress.unit), progress.unit))
    parts += [f"{name} {value:.4g}" for name, value in values.items() if not _is_elsewhere(name)]
    if job.pace and progress.unit and not is_share:
        parts.append(pace_text(job.pace, progress.unit))
    if job.seconds_left is not None and job.state == "running":
        parts.append(f"{duration(max(job.seconds_left, 1))} left")
    return clean(" · ".join(parts))
