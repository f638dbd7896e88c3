"""What all panes share: requests to the engine, the state, and the keys that every pane has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget

from tui.backend.backend import Backend
from tui.backend.mailbox import Mailbox
from tui.backend.protocols import SessionLike
from tui.messages import Answered, Busy, Failed, OpenExport, ShowMap, StatusChanged
from tui.navigation import Place
from tui.panes.train_prompt import can_train, show_train_prompt
from tui.panes.zoom import ZoomContainer
from tui.state import AppState
from tui.widgets.arranged_table import ArrangedTable
from tui.widgets.arrangement import Arrangement
from tui.widgets.contained import Contained
from tui.widgets.panel import Panel
from tui.widgets.query_input import QueryInput

if TYPE_CHECKING:
    from engine.session import Item, Job, Task
    from tui.messages import Failure, MapLayer
    from tui.widgets.notice import Notice
    from tui.widgets.palette import AnyCommand

#: From this width on there is room for a further column.
WIDE = 100

#: The protocol of the service that a pane asks; see :mod:`tui.backend.protocols`.
Service = TypeVar("Service")

#: Keys and what they do, for the help screen.
KeyHelp = tuple[tuple[str, str], ...]


class Debouncer:
    """Delays calls until none has come for some seconds, and then makes the last one.

    Parameters
    ----------
    widget
        Whose timer is used.
    seconds
        Tells how long to wait; with 0 every call is made at once.
    """

    def __init__(self, widget: Widget, seconds: Callable[[], float]) -> None:
        self._widget = widget
        self._seconds = seconds
        self._timer: Timer | None = None

    def call(self, function: Callable[[], None]) -> None:
        """Call this function after the delay, unless another call replaces it."""
        self.cancel()
        if seconds := self._seconds():
            self._timer = self._widget.set_timer(seconds, partial(self._make, function))
        else:
            function()

    @property
    def waits(self) -> bool:
        """Whether a call is still to be made."""
        return self._timer is not None

    def _make(self, function: Callable[[], None]) -> None:
        self._timer = None
        function()

    def cancel(self) -> None:
        """Drop the call that is waiting."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


class Request(Generic[Service]):
    """One kind of request of a pane. Only the answer to the latest one is handled.

    Parameters
    ----------
    pane
        The pane that asks.
    name
        The name of the worker thread, and of the source in the status bar.
    busy
        What the status bar shows while the answer is awaited.
    answered, failed
        Called with the message, on the event loop, and only for the latest request.
    changes
        Whether the requests are changes: then none replaces another, and all are answered.
    """

    def __init__(
        self,
        pane: Pane[Service],
        name: str,
        busy: str,
        answered: Callable[[Answered], None],
        failed: Callable[[Failed], None],
        *,
        changes: bool = False,
    ) -> None:
        self._pane = pane
        self.name = name
        self._busy = busy
        self._answered = answered
        self._failed = failed
        self._debouncer = Debouncer(pane, lambda: pane.state.pace.settle)
        make = pane.backend.change_queue if changes else pane.backend.mailbox
        self._mailbox: Mailbox = make(name, pane.post_message)
        self.pending = False

    def send(self, work: Callable[[Service, Job], Any]) -> None:
        """Have ``work(service, job)`` done now; unless it is a change it replaces an earlier request."""
        self._debouncer.cancel()
        self.pending = True
        service_of = self._pane.service_of
        self._mailbox.ask(lambda session, job: work(service_of(session), job))
        self._pane.post_message(Busy(self.name, self._busy))

    @property
    def waits(self) -> bool:
        """Whether a request is still to be sent, after the settling time."""
        return self._debouncer.waits

    def send_debounced(self, send: Callable[[], None]) -> None:
        """Call ``send`` once this method has not been called for the settling time."""
        self._debouncer.call(send)

    def withdraw(self) -> None:
        """Forget the request; its answer will not be handled."""
        self._debouncer.cancel()
        if self.pending:
            self._mailbox.withdraw()
            self._end()

    def handle(self, message: Answered | Failed) -> bool:
        """Handle a message if it answers the latest request; False if it does not belong to it."""
        if not self._mailbox.is_current(message.request):
            return False
        self._end()
        if isinstance(message, Answered):
            self._answered(message)
        else:
            self._failed(message)
        return True

    def close(self) -> None:
        """End the thread that answers: the pane is gone."""
        self._debouncer.cancel()
        self._mailbox.close()
        self.pending = False

    def _end(self) -> None:
        self.pending = False
        self._pane.post_message(Busy(self.name, ""))


#: A subclass that gives F5 a further meaning must repeat this binding: Textual takes a key's bindings from one class.
RETRY = Binding("r,f5", "retry", "try again", id="retry")


class Pane(Contained, ZoomContainer, Generic[Service]):
    """The content of a tab.

    A pane draws what :class:`~tui.state.AppState` and the answers to its own requests say. :meth:`refresh_state` is
    called after every change of the state.

    Parameters
    ----------
    backend, state
        The way to the engine, and what is known.
    line
        The input line; while it has the focus, letters are text and not keys of the pane.
    """

    TASK: ClassVar[str]
    """The name of the tab, which is also the task of the jobs that work for it."""

    KEYS: ClassVar[KeyHelp] = ()
    """The keys of this pane, for the help screen."""

    NUMBERS: ClassVar[KeyHelp] = ()
    """The numbers that this pane shows and how they are read, for the help screen."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("stop", "clear", "back", "type", "retry", "zoom", "unzoom")
    """Those of its actions that are not always offered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "unzoom", "all lists", id="unzoom"),
        Binding("escape", "stop", "stop", id="stop"),
        Binding("escape", "clear", "clear", id="clear-line"),
        Binding("escape", "back", "back", id="step-back"),
        Binding("z", "zoom", "Zoom", show=False, id="zoom"),
        Binding("left", "app.focus_previous", "Previous", show=False, id="focus-left"),
        Binding("M", "map", "Map", show=False, id="open-map"),
        Binding("E", "export_all", "Export for all", show=False, id="export-all"),
        Binding("right", "app.focus_next", "Next", show=False, id="focus-right"),
    ]

    def __init__(self, backend: Backend, state: AppState, line: QueryInput) -> None:
        super().__init__(id=self.TASK)
        self.backend = backend
        self.state = state
        self.line = line
        self.last_focus: Widget | None = None
        self.status = ""
        """How the last answer came about, for the status bar."""
        self._offered: tuple[bool | None, ...] = ()
        self._requests: list[Request[Service]] = []

    # -- for subclasses to define -----------------------------------------------------------------------------
    @staticmethod
    def service_of(session: SessionLike) -> Service:
        """The service of a session that this pane asks."""
        raise NotImplementedError

    def refresh_state(self) -> None:
        """Draw the state as it is now."""
        raise NotImplementedError

    def repeat(self) -> None:
        """Send the requests that failed again."""
        raise NotImplementedError

    def failures(self) -> Iterable[Failure | None]:
        """The failures of requests that have not been repeated yet."""
        return ()

    def explain(self, item: Item) -> None:
        """Find out why an item is listed here; called when its details have been opened."""

    @property
    def exports(self) -> tuple[str, str | None]:
        """The kind of export that this pane begins with, and the model; None for the one that answers by default."""
        return "recommendations", None

    def map_layers(self) -> tuple[MapLayer, ...]:
        """The items of this pane that the map marks."""
        return ()

    def commands(self) -> Iterable[AnyCommand]:
        """What this pane adds to the palette."""
        return ()

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been done here yet that restoring an earlier state would undo."""
        return not self.line.value

    def record(self) -> Mapping[str, Any]:
        """What is to come back at the next start: plain values. An item is named by its id, as ``like``."""
        return {}

    def restore(self, record: Mapping[str, Any], items: Mapping[Any, Item]) -> None:
        """Take up what :meth:`record` gave in an earlier run, whatever it is: the file may be of another version.

        Parameters
        ----------
        record
            What was recorded.
        items
            The items that it names, by their ids; one that is no longer there is left out.
        """

    def help_keys(self) -> KeyHelp:
        """The keys of this pane for the help screen, as they are with the open data set."""
        return self.KEYS

    def record_columns(self) -> Mapping[str, Any]:
        """How the columns of the pane's lists are arranged, by the lists' names: plain values."""
        records = {str(table.id): table.arrangement.record() for table in self._arranged_tables()}
        return {name: record for name, record in records.items() if record}

    def restore_columns(self, record: object) -> None:
        """Arrange the columns as :meth:`record_columns` tells, whatever it is."""
        for table in self._arranged_tables():
            if isinstance(record, Mapping) and str(table.id) in record:
                table.arrange_columns(Arrangement.restored(record[str(table.id)]))

    def _arranged_tables(self) -> Iterable[ArrangedTable[Any]]:
        # A table is mounted when there is something to list, but its panel has it from the beginning.
        return (panel.table for panel in self.query(Panel) if isinstance(panel.table, ArrangedTable))

    def step_back(self) -> None:
        """Go one step back from wherever the cursor is."""
        self.go_to(self.line)

    # -- places -----------------------------------------------------------------------------------------------
    def place(self) -> Place:
        """Where one is now, to come back to it later."""
        return Place(self.TASK, self.TASK, self.screen.focused)

    def return_to(self, place: Place) -> None:
        """Show a place of this pane again."""
        focus = place.view
        if isinstance(focus, Widget) and focus.focusable and self in focus.ancestors:
            self.go_to(focus)

    # -- the cursor -------------------------------------------------------------------------------------------
    def go_to(self, widget: Widget) -> None:
        """Focus a widget at once; ``focus()`` would only do it after the keys that are already pressed."""
        self.screen.set_focus(widget)

    def is_at(self, widget: Widget) -> bool:
        """Whether a widget has the focus."""
        return self.screen.focused is widget

    def focus_start(self) -> None:
        """Focus the place where this pane begins."""
        self.go_to(self.line)

    def focus_line(self) -> None:
        """Focus the input line and select its text, so that typing replaces it."""
        self.go_to(self.line)
        self.line.select_all()

    def focus_again(self) -> None:
        """Focus the widget that had the focus when the pane was left."""
        if self.last_focus is not None and self.last_focus.focusable and self in self.last_focus.ancestors:
            self.go_to(self.last_focus)
        else:
            self.focus_start()

    def begin_at(self, widget: Widget) -> None:
        """Move to what has just been filled, unless something was typed before, or the focus was put elsewhere.

        If another tab is shown by now, the focus is there when the pane is shown again.
        """
        if self.line.value:
            return
        if self.is_at(self.line):
            self.go_to(widget)
            self.line.release_keys(widget)
        elif self.last_focus is self.line:
            self.last_focus = widget

    # -- for subclasses to use --------------------------------------------------------------------------------
    @property
    def wide(self) -> bool:
        """Whether there is room for a further column."""
        return self.size.width >= WIDE

    def request(
        self,
        name: str,
        busy: str,
        answered: Callable[[Answered], None],
        failed: Callable[[Failed], None],
        *,
        changes: bool = False,
    ) -> Request[Service]:
        """A new kind of request; see :class:`Request`."""
        request = Request(self, name, busy, answered, failed, changes=changes)
        self._requests.append(request)
        return request

    @property
    def may_retry(self) -> bool:
        """Whether something has failed that may succeed another time."""
        failures = (self.state.failure, *self.failures())
        return any(failure is not None and failure.kind != "untrained" for failure in failures)

    def show_reasons(self, item: Item, heading: str, lines: tuple[str, ...]) -> None:
        """Add reasons to the details of an item, if they are open in front of the list."""
        from tui.widgets.details import DetailsScreen

        if isinstance(self.app.screen, DetailsScreen):
            self.app.screen.explain(item, heading, lines)

    def refresh_keys(self) -> None:
        """Update the key hints, if they have changed: a job reports ten times a second."""
        offered = tuple(self.check_action(action, ()) for action in self.ACTIONS)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    # -- messages ---------------------------------------------------------------------------------------------
    def on_unmount(self) -> None:
        """End the threads of the requests; a tab that met an error is made anew with its own."""
        for request in self._requests:
            if request.pending:
                self.app.post_message(Busy(request.name, ""))
            request.close()

    def on_status_changed(self, message: StatusChanged) -> None:
        """Keep the line for when this tab is shown again; only that of the open tab is shown now."""
        self.status = message.text
        if not self.display:
            message.stop()

    def on_answered(self, message: Answered) -> None:
        """Handle an answer; one to a request that was replaced meanwhile is dropped."""
        message.stop()
        any(request.handle(message) for request in self._requests)

    def on_failed(self, message: Failed) -> None:
        """Handle a failure."""
        message.stop()
        any(request.handle(message) for request in self._requests)

    # -- keys -------------------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only actions that would do something now."""
        match action:
            case "export_all":
                return self.state.dataset is not None
            case "zoom":
                return self.focused_frame is not None
            case "unzoom":
                return self.zoomed is not None
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

    def action_zoom(self) -> None:
        """Let the list that has the focus fill the tab; a second time brings the others back."""
        self.zoom(None if self.zoomed is not None else self.focused_frame)
        self.post_message(StatusChanged("z or Esc shows the other lists again" if self.zoomed is not None else ""))
        self.refresh_keys()

    def action_unzoom(self) -> None:
        """Show all lists again."""
        self.action_zoom()

    def action_stop(self) -> None:
        """Stop the job that works for this pane."""
        job = self.state.active_job(self.TASK)
        if job is not None:
            self.backend.cancel(job.id)

    def action_clear(self) -> None:
        """Empty the input line."""
        self.line.value = ""

    def action_back(self) -> None:
        """Go one step back."""
        self.step_back()

    def action_type(self) -> None:
        """Focus the input line."""
        self.focus_line()

    def action_map(self) -> None:
        """Show the map of the catalogue, with the item under the cursor and this pane's items."""
        from tui.widgets.item_list import ItemList

        focused = self.screen.focused
        item = focused.item if isinstance(focused, ItemList) else None
        self.post_message(ShowMap(item, self.map_layers()))

    def action_export_all(self) -> None:
        """Ask what is written for all users or items, and where it goes to."""
        self.post_message(OpenExport(*self.exports))

    def action_retry(self) -> None:
        """Open the data set again, or repeat the requests that failed."""
        if self.state.failure is not None:
            self.backend.open()
        else:
            self.repeat()


class ModelPane(Pane[Service]):
    """A pane that needs a trained model before it can answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t,f5", "train", "train", id="train"),
        RETRY,
        Binding("ctrl+t", "model", "model", key_display="^t", id="next-model"),
    ]

    TASK: ClassVar[Task]

    NEEDS: ClassVar[str]
    """What a model of this task needs to be trained, and that this data set lacks it; continues "A model needs"."""

    KEYS: ClassVar[KeyHelp] = (
        ("t", "train the model that is offered; others: palette"),
        ("Ctrl+T", "the next of the trained models answers"),
    )

    ACTIONS: ClassVar[tuple[str, ...]] = (*Pane.ACTIONS, "train", "model")

    def __init__(self, backend: Backend, state: AppState, line: QueryInput) -> None:
        super().__init__(backend, state, line)
        self.model: str | None = None
        """Which model answers; None for the best trained one."""
        self._trained: tuple[tuple[str, str | None], ...] = ()

    def rank(self) -> None:
        """Ask a model for the ranked list of this pane."""
        raise NotImplementedError

    @property
    def trained(self) -> tuple[str, ...]:
        """The models that can answer."""
        return tuple(name for name, _ in self._trained)

    def follow_training(self) -> bool:
        """Note which models can answer now; whether that has changed. A model that was just trained answers next."""
        trained = () if self.state.dataset is None else self.state.dataset.trained(self.TASK)
        if trained == self._trained:
            return False
        new = [name for name, at in trained if (name, at) not in self._trained]
        if self._trained and new:
            self.model = new[0]
        self._trained = trained
        if self.model not in self.trained:
            self.model = None
        return True

    def show_train_prompt(self, notice: Notice) -> None:
        """Fill a notice with the training under way, or the offer to train."""
        show_train_prompt(notice, self.state, self.TASK, self.NEEDS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer training only while no model can answer; the palette can train a model again, and other models."""
        match action:
            case "train":
                return can_train(self.state, self.TASK)
            case "model":
                return len(self._trained) > 1
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[AnyCommand]:
        """Which model answers."""
        from tui.widgets.palette import Command

        for name in self.trained:
            state = "current" if name == self.model else ""
            answer = partial(self.answer_with, name)
            yield Command(f"Answer with {name}", f"Ask {name} on this tab", answer, action="next-model", state=state)

    def answer_with(self, name: str) -> None:
        """Have this model answer from now on."""
        self.model = name
        self.rank()

    def action_train(self) -> None:
        """Train the model that is offered."""
        model = None if self.state.dataset is None else self.state.dataset.default_model(self.TASK)
        if model is not None:
            self.backend.train(model.name, self.TASK)

    def action_model(self) -> None:
        """Have the next of the trained models answer."""
        names = self.trained
        now = names.index(self.model) if self.model in names else 0
        self.answer_with(names[(now + 1) % len(names)])
