"""A search for options on a page: its trials, which options matter, and each option against the metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.backend.backend import Backend
from tui.keymap.keymap import shown_key
from tui.panes.text_page import TextPage
from tui.widgets.cell_text import clean, duration
from tui.widgets.notice import job_heading
from tui.widgets.popup import PopUp
from tui.widgets.study_text import (
    direction,
    figure_text,
    importance_lines,
    progress_line,
    slice_chart,
    standing,
    trial_options,
    trial_text,
    trials_by_value,
    varying,
)
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.data.study import Study, Trial
    from engine.session import Item
    from tui.messages import JobView

#: Lines of the chart, with its axis, and of the importance beside it; the second where there is room for it.
_CHART, _HIGH_CHART = 7, 14
#: In so many lines there is.
_HIGH = 40


class _Trials(Table["Trial"]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "options", id="choose")]


class StudyPage(PopUp):
    """Shows a search for options, under way or kept with a run.

    Parameters
    ----------
    backend
        Stops the search, and has the winner measured and trained.
    model
        The model that is tuned.
    study
        The search; None as long as it has not begun.
    job
        The job that searches; None for a search that has ended.
    number
        The number of the job that searches, which the screen may not have heard of yet.
    sequence
        The sequence of the Sequence tab, after which the winner and the model that answers now can be compared.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "close", id="close"),
        Binding("right,l", "option(1)", "next option", id="next-chart"),
        Binding("left,h", "option(-1)", "previous option", id="previous-chart"),
        Binding("o", "order", "order", id="order-trials"),
        Binding("s", "stop", "stop", id="stop-search"),
        Binding("t", "prove", "train the winner", id="train-winner"),
    ]

    DEFAULT_CSS = """
    StudyPage > .page {
        width: 130; height: 86%; padding: 0 1;
        & > Horizontal { height: 7; margin: 1 0; }
        & #study-options { width: 36; }
        & #study-slice { width: 1fr; padding: 0 0 0 2; }
        & > Table { height: 1fr; min-height: 3; }
        &.-high > Horizontal { height: 14; }
    }
    """

    def __init__(
        self,
        backend: Backend,
        model: str,
        study: Study | None,
        job: JobView | None = None,
        number: int | None = None,
        sequence: Sequence[Item] = (),
    ) -> None:
        super().__init__()
        self._searching = number if job is None else job.id
        self._backend, self._model, self._study, self._job = backend, model, study, job
        self._title = clean(f"Tuning {model}")
        self._sequence = tuple(sequence)
        self._proving: int | None = None
        self._proof: JobView | None = None
        self._option = 0
        self._best_first = False
        self._head, self._options, self._slice = Static(), Static(id="study-options"), Static(id="study-slice")
        self._trials = _Trials(self._columns(), id="study-trials")

    def compose(self) -> ComposeResult:
        """How far it is; the options, and one of them against the metric; the trials."""
        with Vertical(classes="page") as page:
            page.border_title = Content(self._title)
            yield self._head
            with Horizontal():
                yield self._options
                yield self._slice
            yield self._trials

    def on_mount(self) -> None:
        """Begin in the list of trials."""
        self._trials.focus()
        self._draw()

    def on_resize(self) -> None:
        """Draw the chart as wide and high as there is room."""
        self.query_one(".page").set_class(self.size.height >= _HIGH, "-high")
        self.call_after_refresh(self._draw)

    def job_changed(self, job: JobView) -> None:
        """Follow the search, and then the measuring of its winner."""
        from engine.data.study import Study

        if job.id == self._searching:
            self._job = job
            if isinstance(job.detail, Study):
                self._study = job.detail
        elif job.id == self._proving:
            self._proof = job
            if job.state == "done" and isinstance(job.detail, tuple):
                from tui.panes.comparison_page import ComparisonPage

                self.app.push_screen(ComparisonPage(self._backend, job.detail, self._sequence))
        else:
            return
        self._draw()
        self.refresh_bindings()

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        """Show every option of a trial, of which the list has the first."""
        event.stop()
        if self._study is not None and (trial := self._trials.row) is not None:
            text = Content(trial_text(self._study, trial))
            self.app.push_screen(TextPage(f"Trial {trial.number} of {self._model}", text))

    # -- keys -------------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        match action:
            case "stop":
                return self._active is not None and self._active.state != "stopping"
            case "prove":
                begins = self._proving is not None and self._proof is None  # and no job is known yet
                return self._study is not None and self._study.best is not None and not (begins or self._active)
        return super().check_action(action, parameters)

    def action_option(self, by: int) -> None:
        """Draw another option against the metric."""
        names = self._names
        if names:
            self._option = (self._option + by) % len(names)
            self._draw()

    def action_order(self) -> None:
        """The best trials first, or the latest."""
        self._best_first = not self._best_first
        self._trials.cursor = 0
        self._draw()

    def action_stop(self) -> None:
        """Stop; the best trial is kept."""
        if self._active is not None:
            self._backend.cancel(self._active.id)

    def action_prove(self) -> None:
        """Measure the winner and the model that answers now on the test part, and train the winner."""
        if self._study is not None:
            self._proof = None
            self._proving = self._backend.prove(self._study)

    @property
    def _active(self) -> JobView | None:
        return next((job for job in (self._job, self._proof) if job is not None and job.active), None)

    # -- drawing ----------------------------------------------------------------------------------------------
    @property
    def _names(self) -> tuple[str, ...]:
        return () if self._study is None else varying(self._study)

    @property
    def _lines(self) -> int:
        return _HIGH_CHART if self.size.height >= _HIGH else _CHART

    def _columns(self) -> tuple[Column[Trial], ...]:
        def options(trial: Trial, _: int) -> str:
            return "" if self._study is None else trial_options(self._study, trial)

        def state(trial: Trial, _: int) -> str:
            best = None if self._study is None else self._study.best
            return "best" if best is not None and best.number == trial.number else trial.state

        return (
            Column("#", lambda trial, _: str(trial.number), width=4, right=True, style="muted"),
            Column("State", state, width=11, style="muted"),
            Column("Figure", lambda trial, _: figure_text(trial), width=8, right=True),
            Column(
                "Time",
                lambda trial, _: "–" if trial.seconds is None else duration(trial.seconds),
                width=8,
                right=True,
                from_width=70,
                style="muted",
            ),
            Column("Options", options),
        )

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self._draw_head()
        study, names = self._study, self._names
        if study is not None:
            width = max(self._slice.size.width - 3, 24)
            self._options.update(self._importance(study, names))
            if names:
                option = names[self._option % len(names)]
                heading = Content.styled(clean(f"{option} against {study.metric}"), "bold")
                self._slice.update(Content("\n").join([heading, slice_chart(study, option, width, self._lines - 1)]))
            under = self._trials.row if self._trials.cursor else None  # at the top it stays there, with new trials
            trials = self._ordered(study)
            place = next((at for at, one in enumerate(trials) if under and one.number == under.number), 0)
            self._trials.show(trials, cursor=place)
        page = self.query_one(".page")
        keys = [f"{self._key('stop-search', 's')} stops"] if self.check_action("stop", ()) else []
        if self.check_action("prove", ()):
            keys.append(f"{self._key('train-winner', 't')} trains and compares the best")
        page.border_subtitle = Content(clean(" · ".join([*keys, "← → option", "o order", "Esc closes"])))

    def _key(self, action: str, default: str) -> str:
        return shown_key(self.app, action, default)

    def _draw_head(self) -> None:
        study, lines = self._study, []
        for job in (self._proof, self._job):
            if job is not None and (job.active or job.failure is not None):
                if (heading := job_heading(job)) != self._title:
                    lines.append(Content.styled(heading, "bold $text"))
                if job.failure is not None:
                    lines.append(Content.styled(clean(job.failure.text), "$text-error"))
                break
        if study is not None:
            about = f"{direction(study)} · {study.protocol} split, seed {study.seed}, whose test part is not used"
            lines += [Content(standing(study)), Content(clean(about))]
            if progress := progress_line(study, 40):
                lines.append(Content(progress))
        self._head.update(Content("\n").join(lines))

    def _importance(self, study: Study, names: tuple[str, ...]) -> Content:
        if not names:
            return Content("The options do not differ yet.")
        heading = "What matters" if study.importance else "What matters: told from 10 trials on"
        chosen = self._option % len(names)
        first = max(0, chosen - (self._lines - 2))
        shown = names[first : first + self._lines - 1]
        drawn = importance_lines(study, shown, 32)
        lines = [Content.styled(heading, "bold")]
        for place, line in enumerate(drawn, first):
            lines.append(
                Content.assemble("▸ " if place == chosen else "  ", (line, "" if place != chosen else "$text-accent"))
            )
        return Content("\n").join(lines)

    def _ordered(self, study: Study) -> list[Trial]:
        if not self._best_first:
            return sorted(study.trials, key=lambda trial: -trial.number)
        return trials_by_value(study)
