"""What all panes share: the way to the engine, the state, the wait for typing to settle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from tui.backend.backend import Backend
from tui.backend.host import Work
from tui.backend.mailbox import Mailbox
from tui.messages import Answered, Busy, Failed
from tui.panes.train_prompt import can_train
from tui.state import AppState
from tui.widgets.query import QueryInput

if TYPE_CHECKING:
    from textual.app import SystemCommand

    from engine.data.results import Task
    from engine.session import Item
    from tui.messages import Failure

#: From this width on there is room for a further column.
WIDE = 100


class Debouncer:
    """Makes the last of several calls, once they have rested for some seconds (with none, each at once)."""

    def __init__(self, widget: Widget, seconds: float) -> None:
        self._widget = widget
        self._seconds = seconds
        self._timer: Timer | None = None

    def call(self, what: Callable[[], None]) -> None:
        """Call this unless something else comes first."""
        self.forget()
        if self._seconds:
            self._timer = self._widget.set_timer(self._seconds, what)
        else:
            what()

    def forget(self) -> None:
        """Call nothing after all."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


class Request:
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
        self._rest = Debouncer(pane, pane.state.pace.settle)
        self._mailbox: Mailbox = pane.backend.mailbox(name, pane.post_message)
        self.pending = False

    def ask(self, work: Work) -> None:
        """Ask now; an earlier request is overtaken."""
        self._rest.forget()
        self.pending = True
        self._mailbox.ask(work)
        self._pane.post_message(Busy(self._name, self._busy))

    def ask_settled(self, ask: Callable[[], None]) -> None:
        """Call ``ask`` once nothing has called this again for the settling time."""
        self._rest.call(ask)

    def withdraw(self) -> None:
        """Forget what was asked."""
        self._rest.forget()
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


#: A subclass that gives F5 a further meaning must repeat this one: Textual takes a key's bindings from one class.
RETRY = Binding("r,f5", "retry", "try again")


class Pane(Container):
    """The content of a tab.

    A pane shows what :class:`~tui.state.AppState` and its own answers say: :meth:`refresh_state` is called after
    every change of the former and draws from it, whatever was there before.

    Parameters
    ----------
    backend, state
        The way to the engine, and what is known.
    line
        What one types into; the pane's keys give way to it.
    """

    TASK: ClassVar[str]
    """The tab's name, and what its jobs are for."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("stop", "clear", "back", "type", "retry")
    """Those of its actions that are not always offered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop"),
        Binding("escape", "clear", "clear"),
        Binding("escape", "back", "back"),
        Binding("left", "app.focus_previous", "Previous", show=False),
        Binding("right", "app.focus_next", "Next", show=False),
    ]

    def __init__(self, backend: Backend, state: AppState, line: QueryInput) -> None:
        super().__init__(id=self.TASK)
        self.backend = backend
        self.state = state
        self.line = line
        self.last_focus: Widget | None = None
        self._offered: tuple[bool | None, ...] = ()
        self._questions: list[Request] = []

    # -- for the app ------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Draw what the state has become."""
        raise NotImplementedError

    def go_to(self, widget: Widget) -> None:
        """Put the cursor somewhere at once; ``focus()`` would only do it after the keys that are pressed already."""
        self.screen.set_focus(widget)

    def is_at(self, widget: Widget) -> bool:
        """Whether the cursor is there."""
        return self.screen.focused is widget

    def focus_start(self) -> None:
        """Put the cursor where this pane begins."""
        self.go_to(self.line)

    def focus_again(self) -> None:
        """Put the cursor where it was when the pane was left."""
        if self.last_focus is not None and self.last_focus.focusable and self in self.last_focus.ancestors:
            self.go_to(self.last_focus)
        else:
            self.focus_start()

    def commands(self) -> Iterable[SystemCommand]:
        """What this pane adds to the palette."""
        return ()

    # -- for the panes ----------------------------------------------------------------------------------------
    @property
    def wide(self) -> bool:
        """Whether there is room for a further column."""
        return self.size.width >= WIDE

    def question(
        self, name: str, busy: str, answered: Callable[[Answered], None], failed: Callable[[Failed], None]
    ) -> Request:
        """A new kind of question."""
        question = Request(self, name, busy, answered, failed)
        self._questions.append(question)
        return question

    def failures(self) -> Iterable[Failure | None]:
        """What has failed here and not been asked again."""
        return ()

    @property
    def may_retry(self) -> bool:
        """Whether something has failed that may succeed another time."""
        failures = (self.state.failure, *self.failures())
        return any(failure is not None and failure.kind != "untrained" for failure in failures)

    def ask_again(self) -> None:
        """Ask again what has failed."""
        raise NotImplementedError

    def explain(self, item: Item) -> None:
        """Find out why an item is listed here, for the page about it that has just been opened."""

    def show_reasons(self, item: Item, heading: str, lines: tuple[str, ...]) -> None:
        """Add what was found out to the page in front of the list."""
        from tui.widgets.details import DetailsScreen

        if isinstance(self.app.screen, DetailsScreen):
            self.app.screen.explain(item, heading, lines)

    def step_back(self) -> None:
        """Go one step back from wherever the cursor is."""
        self.go_to(self.line)

    def refresh_keys(self) -> None:
        """Show anew which keys work, if that has changed: a job reports ten times a second."""
        offered = tuple(self.check_action(action, ()) for action in self.ACTIONS)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    # -- messages ---------------------------------------------------------------------------------------------
    def on_answered(self, message: Answered) -> None:
        """An answer came back; those that are overtaken by now are dropped here."""
        message.stop()
        any(question.take(message) for question in self._questions)

    def on_failed(self, message: Failed) -> None:
        """A request failed."""
        message.stop()
        any(question.take(message) for question in self._questions)

    # -- keys -------------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        match action:
            case "stop":
                job = self.state.active_job(self.TASK)
                return job is not None and job.state != "stopping"
            case "clear":
                return self.is_at(self.line) and bool(self.line.value)
            case "back" | "type":
                return not self.is_at(self.line)
            case "retry":
                return self.may_retry
        return True

    def action_stop(self) -> None:
        """Stop the job that works for this pane."""
        job = self.state.active_job(self.TASK)
        if job is not None:
            self.backend.cancel(job.id)

    def action_clear(self) -> None:
        """Empty the line."""
        self.line.value = ""

    def action_back(self) -> None:
        """One step back."""
        self.step_back()

    def action_type(self) -> None:
        """Go to the line, all of it selected, so that typing replaces it."""
        self.go_to(self.line)
        self.line.select_all()

    def action_retry(self) -> None:
        """Open the data set again, or ask again."""
        if self.state.failure is not None:
            self.backend.open()
        else:
            self.ask_again()


class ModelPane(Pane):
    """A pane that needs a trained model before it can answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t,f5", "train", "train"),
        RETRY,
        Binding("ctrl+t", "model", "model", key_display="^t"),
    ]

    TASK: ClassVar[Task]

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, "train", "model")

    def __init__(self, backend: Backend, state: AppState, line: QueryInput) -> None:
        super().__init__(backend, state, line)
        self.model: str | None = None
        """Which model is to answer; None for the best that is trained."""
        self._trained: tuple[tuple[str, str | None], ...] = ()

    def rank(self) -> None:
        """Ask a model what belongs here."""
        raise NotImplementedError

    @property
    def trained(self) -> tuple[str, ...]:
        """The models that can answer."""
        return tuple(name for name, _ in self._trained)

    def follow_training(self) -> bool:
        """Note which models can answer by now; whether that has changed. One that was added answers from now on."""
        trained = () if self.state.catalogue is None else self.state.catalogue.trained(self.TASK)
        if trained == self._trained:
            return False
        new = [name for name, at in trained if (name, at) not in self._trained]
        if self._trained and new:
            self.model = new[0]
        self._trained = trained
        if self.model not in self.trained:
            self.model = None
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer training only while no model can answer; the palette trains again, and others."""
        match action:
            case "train":
                return can_train(self.state, self.TASK)
            case "model":
                return len(self._trained) > 1
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[SystemCommand]:
        """Which model is to answer."""
        from textual.app import SystemCommand

        for name in self.trained:
            yield SystemCommand(f"Answer with {name}", f"Ask {name} on this tab", partial(self.answer_with, name))

    def answer_with(self, name: str) -> None:
        """Have this model answer from now on."""
        self.model = name
        self.rank()

    def action_train(self) -> None:
        """Train the model that is offered."""
        model = None if self.state.catalogue is None else self.state.catalogue.default_model(self.TASK)
        if model is not None:
            self.backend.train(model.name, self.TASK)

    def action_model(self) -> None:
        """Have the next of the trained models answer."""
        names = self.trained
        now = names.index(self.model) if self.model in names else 0
        self.answer_with(names[(now + 1) % len(names)])
