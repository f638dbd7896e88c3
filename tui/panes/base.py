"""What all panes share: the way to the engine, the state, the wait for typing to settle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from tui.backend import Backend, Mailbox, Work
from tui.messages import Answered, Busy, Failed, JobView
from tui.state import State

if TYPE_CHECKING:
    from engine.results import Task

#: From this width on there is room for a further column.
_WIDE = 100


class Question:
    """One kind of thing that a pane asks: settles, asks, and hands the latest answer on.

    Parameters
    ----------
    pane
        Whose question it is.
    name
        Of its thread, and for the status bar.
    busy
        What the status bar says while it is waited for.
    answered, failed
        Called with the message, on the event loop, and only for the latest request.
    """

    def __init__(
        self,
        pane: Pane,
        name: str,
        busy: str,
        answered: Callable[[Answered], None],
        failed: Callable[[Failed], None],
    ) -> None:
        self._pane = pane
        self._name = name
        self._busy = busy
        self._answered = answered
        self._failed = failed
        self._timer: Timer | None = None
        self._mailbox: Mailbox = pane.backend.mailbox(name, pane.post_message)
        self.pending = False

    def ask(self, work: Work) -> None:
        """Ask now; an earlier request is overtaken."""
        self._settle_no_more()
        self.pending = True
        self._request = self._mailbox.ask(work)
        self._pane.post_message(Busy(self._name, self._busy))

    def ask_settled(self, ask: Callable[[], None]) -> None:
        """Call ``ask`` once nothing has called this again for the settling time."""
        self._settle_no_more()
        if self._pane.state.pace.settle:
            self._timer = self._pane.set_timer(self._pane.state.pace.settle, ask)
        else:
            ask()

    def withdraw(self) -> None:
        """Forget what was asked."""
        self._settle_no_more()
        if self.pending:
            self._mailbox.withdraw()
            self._done()

    def take(self, message: Answered | Failed) -> bool:
        """Hand a message on if it answers the latest request; False if it is none of this question's."""
        if not self._mailbox.is_current(message.request):
            return False
        self._done()
        if isinstance(message, Answered):
            self._answered(message)
        else:
            self._failed(message)
        return True

    def _done(self) -> None:
        self.pending = False
        self._pane.post_message(Busy(self._name, ""))

    def _settle_no_more(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


class Pane(Container):
    """The content of a tab.

    A pane shows what :class:`~tui.state.State` and its own answers say: :meth:`refresh_state` is called after
    every change of the former and draws from it, whatever was there before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, backend: Backend, state: State, *, id: str) -> None:
        super().__init__(id=id)
        self.backend = backend
        self.state = state
        self.last_focus: Widget | None = None
        self._questions: list[Question] = []

    def question(
        self, name: str, busy: str, answered: Callable[[Answered], None], failed: Callable[[Failed], None]
    ) -> Question:
        """A new kind of question."""
        question = Question(self, name, busy, answered, failed)
        self._questions.append(question)
        return question

    def train_default(self, task: Task) -> None:
        """Start training the model that is offered for a task."""
        model = None if self.state.catalogue is None else self.state.catalogue.default_model(task)
        if model is not None:
            self.backend.train(model.name, task)

    def stop_job(self, task: Task | Literal["search"]) -> None:
        """Stop the job that works for this pane."""
        job = self.state.active_job(task)
        if job is not None:
            self.backend.cancel(job.id)

    @property
    def wide(self) -> bool:
        """Whether there is room for a further column."""
        return self.size.width >= _WIDE

    def refresh_state(self) -> None:
        """Draw what the state has become."""
        raise NotImplementedError

    def focus_start(self) -> None:
        """Put the cursor where this pane begins."""
        raise NotImplementedError

    def focus_again(self) -> None:
        """Put the cursor where it was when the pane was left."""
        if self.last_focus is not None and self.last_focus.focusable and self in self.last_focus.ancestors:
            self.last_focus.focus()
        else:
            self.focus_start()

    def on_answered(self, message: Answered) -> None:
        """An answer came back; those that are overtaken by now are dropped here."""
        message.stop()
        any(question.take(message) for question in self._questions)

    def on_failed(self, message: Failed) -> None:
        """A request failed."""
        message.stop()
        any(question.take(message) for question in self._questions)


def may_stop(job: JobView | None) -> bool:
    """Whether there is a job, and it has not been asked to stop yet."""
    return job is not None and job.state in ("waiting", "running")
