"""The question before the app is left while a job runs."""

from __future__ import annotations

from collections.abc import Container
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.keymap.keymap import shown_key
from tui.messages import DatasetState, JobView
from tui.state import AppState
from tui.widgets.cell_text import clean, count
from tui.widgets.notice import job_figures, job_heading
from tui.widgets.popup import PopUp


class QuitPrompt(PopUp):
    """Says what runs and what of it would be kept, and asks whether to quit.

    Parameters
    ----------
    state
        The jobs, and the data set that they work on.
    tabs
        The tabs, whose jobs are asked about.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,q,ctrl+q,ctrl+c,f10", "app.leave", "quit", priority=True, id="confirm-quit"),
        Binding("n,escape", "dismiss", "go on", id="stay"),
    ]

    DEFAULT_CSS = "QuitPrompt > .page { width: 68; }"

    def __init__(self, state: AppState, tabs: Container[str]) -> None:
        super().__init__()
        self._state, self._tabs = state, tabs
        self._page = Static(self._text())

    def compose(self) -> ComposeResult:
        """The job, what is kept, and the keys."""
        with Vertical(classes="page") as page:
            page.border_title = Content("Quit while a job runs?")
            page.border_subtitle = Content("y q quit · Esc go on")
            yield self._page

    def job_changed(self, job: JobView) -> None:
        """Be about the job that runs now, and say how far it is; close if none does any more."""
        if self._state.job_to_lose(self._tabs) is None:
            self.dismiss()
        else:
            self._page.update(self._text())

    def _text(self) -> Content:
        job = self._state.job_to_lose(self._tabs)
        if job is None:
            return Content()
        parts: list[str | tuple[str, str]] = [(job_heading(job), "bold $text")]
        if figures := job_figures(job):
            parts.append(f"\n{figures}")
        parts.append(
            (
                "\n\n" + clean(what_is_kept(job, self._state.dataset, shown_key(self.app, "resume-training", "R"))),
                "$text",
            )
        )
        others = sum(one.active and one.task in self._tabs for one in self._state.jobs.values()) - 1
        if others:
            parts.append(f" {count(others, 'more job')} {'waits' if others == 1 else 'wait'}.")
        return Content.assemble(*parts)


def what_is_kept(job: JobView, dataset: DatasetState | None, resume: str = "R") -> str:
    """What remains of a job that is stopped now; ``resume`` is the key that goes on with a training."""
    if job.task == "search":
        done = job.progress.done if job.progress is not None and job.progress.unit == "texts" else 0
        embedded = f"The {count(done, 'text')} embedded so far" if done else "What is embedded"
        verb = "is" if done <= 1 else "are"
        return f"{embedded} {verb} kept, and the next start goes on from there."
    if job.resumable:
        return "What it has computed is kept, and the same export goes on from there."
    if not job.model:
        return "Nothing of it is kept: it would have to begin anew."
    if job.goes_on_later:
        return f"What it has learnt is kept: {resume} in the Models tab goes on from there at the next start."
    older = _older_model(job, dataset)
    if older:
        return f"A training that is stopped keeps nothing. The model {older} that was trained before stays."
    return "A training that is stopped keeps nothing: it would have to begin anew."


def _older_model(job: JobView, dataset: DatasetState | None) -> str:
    trained = () if dataset is None else (model.name for model in dataset.models if model.trained)
    return next((name for name in trained if job.label == f"training {name}"), "")
