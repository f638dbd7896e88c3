"""What a pane shows while no model can answer: the training under way, or the offer to train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.keymap.keymap import shown_key
from tui.state import AppState
from tui.widgets.cell_text import duration
from tui.widgets.notice import Notice, job_heading

if TYPE_CHECKING:
    from engine.session import Task

#: What a model of a task does; continues "No model".
_ANSWERS: dict[Task, str] = {"user": "predicts what users like", "sequence": "predicts what comes next"}

#: Shown on every tab while the data set cannot be opened.
NOT_OPENED = "This data set cannot be opened"


def can_train(state: AppState, task: Task) -> bool:
    """Whether the pane should offer to train a model for this task."""
    if state.dataset is None or state.dataset.trained(task) or state.active_job(task) is not None:
        return False
    model = state.dataset.default_model(task)
    return model is not None and not model.obstacle


def show_train_prompt(notice: Notice, state: AppState, task: Task, needs: str) -> None:
    """Fill a notice with what must happen before a model for this task can answer.

    Parameters
    ----------
    notice
        The notice to fill.
    state
        What is known.
    task
        What the model is for.
    needs
        What such a model needs, and that this data set lacks it; continues "A model needs".
    """
    job = state.active_job(task)
    if job is not None:
        notice.show_job(job)
        return
    model = None if state.dataset is None else state.dataset.default_model(task)
    if model is None:
        notice.show("No model can answer here", "There is no model for this task.")
    elif model.obstacle:
        notice.show(
            "No model can be trained here",
            f"A model needs {needs} ({model.obstacle}).\n\n"
            "recsys-tui datasets add NAME --items FILE --ratings FILE brings both; search works without.",
        )
    else:
        last = state.last_job(task)
        heading, text = f"No model {_ANSWERS[task]} yet", f"{model.name}: {_in_short(model.description)}."
        models = () if state.dataset is None else state.dataset.models
        if model.seconds is not None:
            text += f" Trained in {duration(model.seconds)} the last time."
        spoilt = [one for one in models if one.task == task and one.damage]
        if spoilt:
            heading = f"Damaged, to be trained again: {', '.join(one.name for one in spoilt)}"
            text = f"{spoilt[0].damage}\n\n{text}"
        if last is not None and last.state == "failed" and last.failure is not None:
            heading, text = job_heading(last), last.failure.text
        elif last is not None and last.state == "stopped":
            heading = job_heading(last)
        elsewhere = [one.name for one in models if one.task != task and one.trained]
        if elsewhere and not spoilt:
            text += f"\n\nTrained for other tabs: {', '.join(elsewhere)}."
        if any(one.task == task and one is not model and not one.obstacle for one in models):
            text += f"\n\nOther models: {shown_key(notice.app, 'palette', 'Ctrl+P')}, train."
        notice.show(heading, text, ("train", "F5", f"train {model.name}, in the background"))


def _in_short(description: str) -> str:
    """What a model is for, without how it does it."""
    short = description.partition(":")[0].partition(";")[0].rstrip(". ")
    return short[:1].lower() + short[1:]
