"""What a pane says while no model can answer: the training under way, or the offer to train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.state import AppState
from tui.widgets.notice import Notice, job_heading

if TYPE_CHECKING:
    from engine.data.results import Task

#: Said on every tab while there is no data set.
NOT_OPENED = "This data set cannot be opened"

_NEEDS: dict[Task, str] = {
    "user": "ratings to learn from, and this data set has none that serve",
    "sequence": "to know what was watched when, and this data set does not say",
}


def can_train(state: AppState, task: Task) -> bool:
    """Whether the pane should offer to train a model for this task."""
    if state.catalogue is None or state.catalogue.trained(task) or state.active_job(task) is not None:
        return False
    model = state.catalogue.default_model(task)
    return model is not None and not model.obstacle


def say_untrained(notice: Notice, state: AppState, task: Task) -> None:
    """Fill a notice with what is needed before a model for this task can answer."""
    job = state.active_job(task)
    if job is not None:
        notice.say_job(job)
        return
    model = None if state.catalogue is None else state.catalogue.default_model(task)
    if model is None:
        notice.say("No model can answer here", "There is no model for this task.")
    elif model.obstacle:
        notice.say(
            "No model can be trained here",
            f"A model needs {_NEEDS[task]} ({model.obstacle}).\n\n"
            "recsys-tui datasets add NAME --items FILE --ratings FILE brings both; search works without.",
        )
    else:
        last = state.last_job(task)
        heading, text = "No model is trained on this data set yet", model.description
        if last is not None and last.state == "failed" and last.failure is not None:
            heading, text = job_heading(last), last.failure.text
        elif last is not None and last.state == "stopped":
            heading = job_heading(last)
        models = () if state.catalogue is None else state.catalogue.models
        others = [one.name for one in models if one.task == task and one is not model and not one.obstacle]
        if others:
            text += f"\n\nOthers are in the palette (Ctrl+P): {', '.join(others)}."
        notice.say(heading, text, ("t", f"train “{model.name}” (F5 while typing); it runs in the background"))
