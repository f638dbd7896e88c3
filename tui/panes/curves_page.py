"""The losses and the validation figures of runs, and of the training under way, drawn over each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.cell_text import clean
from tui.widgets.chart import STYLES, Series, chart
from tui.widgets.popup import PopUp

if TYPE_CHECKING:
    from engine.session import RunRecord, ValidationCurve
    from tui.messages import JobView

#: Epochs, and a value after each.
_Points: TypeAlias = tuple[Sequence[float], Sequence[float]]
#: Lines of a chart, with its axis.
_LINES = 9


@dataclass(frozen=True, slots=True)
class Curve:
    """The curves of one training.

    Attributes
    ----------
    label
        Which training.
    kind
        What its loss is: losses of other kinds are on other scales.
    losses, validation
        The loss of each epoch, and the validation figures.
    """

    label: str
    kind: str
    losses: Sequence[float]
    validation: ValidationCurve | None

    @classmethod
    def of_run(cls, run: RunRecord) -> Curve:
        """The curves of a run."""
        kind = f"{run.model} {run.options.get('loss', '')}".strip()
        return cls(f"#{run.id} {run.model}", kind, run.losses, run.validation)

    @classmethod
    def of_job(cls, job: JobView, loss: str = "") -> Curve:
        """The curves of a training under way, of a model whose loss is this one unless the training names another."""
        return cls(job.label, f"{job.model} {job.loss or loss}".strip(), job.losses, job.validation)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.losses and self.validation is None


class CurvesPage(PopUp):
    """Draws curves, those of a loss or a metric that several have in common on one scale.

    Parameters
    ----------
    runs
        The runs.
    job
        The training under way, which is followed; None for none.
    loss
        The default loss of the model that it trains; empty for a model that has no other.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c", "dismiss", "close", id="close"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="cursor-down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="cursor-up"),
    ]

    DEFAULT_CSS = "CurvesPage > .page { width: 116; }"

    def __init__(self, runs: Sequence[RunRecord], job: JobView | None = None, loss: str = "") -> None:
        super().__init__()
        self._loss = loss
        self._runs, self._job = [Curve.of_run(run) for run in runs], job
        self._text = Static()

    def compose(self) -> ComposeResult:
        """The charts."""
        with VerticalScroll(classes="page") as page:
            page.border_title = Content("Curves")
            page.border_subtitle = Content("Esc closes")
            yield self._text

    def on_mount(self) -> None:
        """Draw as soon as the room is known."""
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Draw as wide as there is room."""
        self.call_after_refresh(self._draw)

    def job_changed(self, job: JobView) -> None:
        """Follow the training."""
        if self._job is not None and job.id == self._job.id:
            self._job = job
            self._draw()

    def action_scroll(self, by: int) -> None:
        """Scroll by some lines."""
        self.query_one(".page").scroll_relative(y=by, animate=False)

    def _draw(self) -> None:
        if not self.is_mounted:
            return  # a report of the training may come before there is a page
        width = max(self.query_one(".page").size.width - 6, 30)
        curves = [*self._runs, *([] if self._job is None else [Curve.of_job(self._job, self._loss)])]
        self._text.update(curves_content(curves, width))


def curves_content(curves: Sequence[Curve], width: int, lines: int = _LINES) -> Content:
    """Charts of curves: one for each kind of loss, and one for each metric.

    Parameters
    ----------
    curves
        What is drawn; each has one colour in all charts.
    width
        In cells.
    lines
        Of each chart.
    """
    styles = {curve.label: STYLES[place % len(STYLES)] for place, curve in enumerate(curves)}
    parts: list[Content] = []

    def add(heading: str, shown: Sequence[Curve], points: Callable[[Curve], _Points]) -> None:
        drawn = [Series(*points(curve), styles[curve.label], connected=True) for curve in shown]
        legend = [(f"━ {clean(curve.label)} {points(curve)[1][-1]:.4g}   ", styles[curve.label]) for curve in shown]
        parts.append(Content.styled(clean(heading), "bold $text"))
        parts.append(chart(drawn, width, lines))
        parts.append(Content.assemble(*legend))
        parts.append(Content(""))

    with_loss = [curve for curve in curves if curve.losses]
    for kind in dict.fromkeys(curve.kind for curve in with_loss):
        shown = [curve for curve in with_loss if curve.kind == kind]
        add(f"Loss of {kind} by epoch", shown, lambda curve: (range(1, len(curve.losses) + 1), curve.losses))
    with_figures = [curve for curve in curves if curve.validation is not None]
    for metric in dict.fromkeys(curve.validation.metric for curve in with_figures if curve.validation):
        shown = [curve for curve in with_figures if curve.validation and curve.validation.metric == metric]
        add(f"Validation {metric} by epoch", shown, _validation)
    parts += [
        Content(clean(f"{curve.label} is not trained by epochs, or none has ended yet."))
        for curve in curves
        if curve.is_empty
    ]
    return Content("\n").join(parts)


def _validation(curve: Curve) -> _Points:
    assert curve.validation is not None
    return curve.validation.epochs, curve.validation.values
