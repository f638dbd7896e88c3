"""Asks how a search for options is to be made: how many trials, by which metric, and for how long."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.data.model_cards import OptionCard
from tui.panes.option_form import OptionInput
from tui.widgets.cell_text import clean
from tui.widgets.popup import PopUp

#: The number of trials, unless another is given.
TRIALS = 20
_MOST_TRIALS = 100_000
_METRICS = ("rmse", "mae", "mrr", "ndcg@10", "recall@10", "precision@10", "map@10", "hit_rate@10")
_FIELDS = (
    OptionCard("trials", TRIALS, "how many trials in all, with those of earlier searches of this kind"),
    OptionCard("metric", "what suits the model", "what the search goes by", _METRICS),
    OptionCard("seconds", "no limit", "how long trials are started"),
)

#: Called with the number of trials, the metric and the time limit; None for the defaults of the latter two.
Chosen = Callable[[int, str | None, float | None], None]


class TunePrompt(PopUp):
    """A form for a search.

    Parameters
    ----------
    model, protocol
        What is tuned, and the protocol by which.
    chosen
        Called with what was typed, once it is right.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", id="close"),
        Binding("enter", "go", "tune", id="start-search", priority=True),
        Binding("down", "app.focus_next", "Next", show=False, id="next-option"),
        Binding("up", "app.focus_previous", "Previous", show=False, id="previous-option"),
    ]

    DEFAULT_CSS = """
    TunePrompt > .page {
        & Horizontal { height: 1; & > Static { width: 12; } }
        & > Static { margin: 1 0 0 0; color: $text-muted; }
    }
    """

    def __init__(self, model: str, protocol: str, chosen: Chosen) -> None:
        super().__init__()
        self._model, self._protocol, self._chosen = model, protocol, chosen
        self._inputs = [OptionInput(field, "") for field in _FIELDS]
        self._help = Static()

    def compose(self) -> ComposeResult:
        """A line for each field, and help for the one with the cursor."""
        with Vertical(classes="page") as page:
            page.border_title = Content(clean(f"Tune {self._model} ({self._protocol})"))
            page.border_subtitle = Content("Enter begins · Esc closes")
            for line in self._inputs:
                with Horizontal():
                    yield Static(Content(line.option.name))
                    yield line
            yield self._help

    def on_mount(self) -> None:
        """Begin with the number of trials."""
        self._inputs[0].focus()

    @on(events.DescendantFocus)
    def _moved(self) -> None:
        if isinstance(self.focused, OptionInput):
            option = self.focused.option
            choices = f": {', '.join(option.choices)} …" if option.choices else ""
            self._help.update(Content(clean(f"{option.name}: {option.meaning}{choices}; empty for {option.default}.")))

    def action_go(self) -> None:
        """Check what was typed, and begin."""
        trials, metric, seconds = (line.value.strip() for line in self._inputs)
        number = int(trials) if trials.isascii() and trials.isdigit() else 0 if trials else TRIALS
        if not 1 <= number <= _MOST_TRIALS:
            self._refuse(0, f"trials must be a whole number from 1 to {_MOST_TRIALS:,}, not {trials!r}.")
        elif metric and not metric.replace("@", "_").replace("-", "_").isidentifier():
            self._refuse(1, f"metric is a name such as {', '.join(_METRICS[:4])}, not {metric!r}.")
        elif seconds and not _seconds(seconds):
            self._refuse(2, f"seconds must be a number above 0, not {seconds!r}.")
        else:
            self.dismiss()
            self._chosen(number, metric or None, _seconds(seconds) or None)

    def _refuse(self, field: int, sentence: str) -> None:
        self._inputs[field].focus()
        self.call_after_refresh(self._help.update, Content.styled(clean(sentence), "$text-error"))


def _seconds(text: str) -> float:
    """A positive number of seconds; 0 if the text is none."""
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if seconds > 0 and math.isfinite(seconds) else 0.0
