"""Sequence: what comes after these?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from engine.data.results import Answer, Result, Task, TitleMatch
from engine.session import Item
from tui.backend.backend import Backend
from tui.draft import SequenceDraft
from tui.messages import AddToSequence, Answered, Failed, Failure, Said
from tui.panes.base import ModelPane
from tui.panes.train_prompt import NOT_OPENED, say_untrained
from tui.state import AppState
from tui.widgets.completions import TITLES, Completions
from tui.widgets.formatting import count, duration
from tui.widgets.items import ItemTable, full_title, probability_columns, result_figures, result_of
from tui.widgets.panel import Panel
from tui.widgets.query import QueryInput
from tui.widgets.table import Column, Table

_SHOWN = 100
_COMPLETIONS = 8

_Step = tuple[int, Item]

_STEP_COLUMNS: tuple[Column[_Step], ...] = (
    Column("#", lambda step, _: str(step[0]), width=3, right=True, style="muted"),
    Column("Title", lambda step, _: full_title(step[1]) if step[1].year is None else step[1].title),
    Column("Year", lambda step, _: str(step[1].year or ""), width=4, from_width=30, style="muted"),
)


class TitleInput(QueryInput):
    """The line for titles."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "add")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to add while nothing is typed."""
        return bool(self.value.strip()) if action == "submit" else super().check_action(action, parameters)


class DraftTable(ItemTable[_Step]):
    """What was watched, in order; rows can be taken out and moved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete,backspace", "remove", "remove"),
        Binding("K,shift+up", "shift(-1)", "up"),
        Binding("J,shift+down", "shift(1)", "down"),
        Binding("X", "clear", "Remove all", show=False),
        Binding("a", "add", "Add again", show=False),
    ]

    class Edited(Message):
        """The sequence was changed here."""

    def __init__(self, draft: SequenceDraft) -> None:
        super().__init__(_STEP_COLUMNS, lambda step: step[1], id="draft")
        self._draft = draft

    def show_draft(self, cursor: int) -> None:
        """Show the sequence as it is."""
        self.show(list(enumerate(self._draft.items, 1)), cursor=cursor)

    def action_remove(self) -> None:
        """Take the row out."""
        if self.rows:
            self._draft.remove(self.cursor)
            self._edited(self.cursor)

    def action_shift(self, by: int) -> None:
        """Move the row up or down."""
        if self.rows:
            self._edited(self._draft.move(self.cursor, by))

    def action_clear(self) -> None:
        """Take everything out."""
        self._draft.clear()
        self._edited(0)

    def _edited(self, cursor: int) -> None:
        # Shown at once, so that a second key acts on what the first one left.
        self.show_draft(cursor)
        self.post_message(self.Edited())


class NextTable(ItemTable[Result]):
    """What comes next; Enter makes it so."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "append"),
        Binding("a", "add", "Append", show=False),
        Binding("d", "details", "details"),
    ]


class SequencePane(ModelPane):
    """A line to type titles into, the sequence so far, and what comes after it."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[Task] = "sequence"

    ACTIONS: ClassVar[tuple[str, ...]] = (*ModelPane.ACTIONS, "undo")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "type", "add title", key_display="/"),
        Binding("u", "undo", "undo"),
    ]

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        line = TitleInput("Add a title", "type a title; typos are forgiven", blink=blink, id="title")
        super().__init__(backend, state, line)
        self._completions: Completions[TitleMatch] = Completions(TITLES)
        self._draft = DraftTable(state.draft)
        self._draft_panel = Panel("Watched", self._draft, id="watched")
        self._next = NextTable((), result_of, result_figures, id="next")
        self._next_panel = Panel("What comes next", self._next, id="coming")
        self._shown: tuple[Item, ...] = ()
        self._answer: Answer | None = None
        self._failure: Failure | None = None
        self._completed_text = ""
        self._completing = self.question("titles", "looking titles up", self._completed, self._not_completed)
        self._resolving = self.question("title", "looking the title up", self._resolved, self._not_resolved)
        self._ranking = self.question("next", "looking ahead", self._ranked, self._not_ranked)

    def compose(self) -> ComposeResult:
        """The line above, the two lists side by side."""
        yield self.line
        yield self._completions
        with Horizontal():
            yield self._draft_panel
            yield self._next_panel

    def on_mount(self) -> None:
        """Show what other panes have added already."""
        self.refresh_state()

    # -- titles -----------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._resolving.withdraw()
        text = event.value.strip()
        if text:
            self._completing.ask_settled(self._complete)
        else:
            self._completing.withdraw()
            self._completions.close()
        self.refresh_keys()

    def _complete(self) -> None:
        text = self._completed_text = self.line.value.strip()
        self._completing.ask(lambda session, _: session.sequences.complete_title(text, _COMPLETIONS))

    def _completed(self, message: Answered) -> None:
        matches: list[TitleMatch] = message.value
        if not self.line.value.strip():
            return
        if matches:
            self._completions.show(matches)
        else:
            self._completions.say(f"No title is like “{self._completed_text}”.")
        self.refresh_keys()

    def _not_completed(self, message: Failed) -> None:
        self._completions.say(message.failure.text)
        self.refresh_keys()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self.line.value.strip()
        match = self._completions.choice
        if not text:
            return
        if match is not None and self._completed_text == text and not self._completing.pending:
            self._take(match)
        else:
            # Typed faster than the completions came.
            self._completing.withdraw()
            self._resolving.ask(lambda session, _: session.sequences.resolve_title(text))

    @on(Table.Chosen, "#completions")
    def _clicked(self, event: Table.Chosen) -> None:
        event.stop()
        match = self._completions.choice
        if match is not None:
            self._take(match)

    def _resolved(self, message: Answered) -> None:
        self._take(message.value)

    def _not_resolved(self, message: Failed) -> None:
        meant = " · ".join(message.failure.suggestions)
        self._completions.say(message.failure.text + (f"\nDid you mean: {meant}?" if meant else ""))
        self.refresh_keys()

    def _take(self, match: TitleMatch) -> None:
        self.post_message(AddToSequence(match.item))
        self.line.value = ""
        self.go_to(self.line)

    # -- what comes next --------------------------------------------------------------------------------------
    def rank(self) -> None:
        """Ask what comes after the sequence."""
        items, model = [item.internal_id for item in self._shown], self.model
        if items and self._trained:
            self._ranking.ask(lambda session, job: session.sequences.next_items(items, _SHOWN, model, job=job))
        else:
            self._ranking.withdraw()
            self._answer = None

    def _ranked(self, message: Answered) -> None:
        answer: Answer = message.value
        self._answer, self._failure = answer, None
        self._next.show(answer.results, probability_columns(answer))
        self._draw()
        after = count(len(self._shown), "title")
        self.post_message(Said(f"{duration(message.seconds)} · {answer.method} · after {after}"))

    def _not_ranked(self, message: Failed) -> None:
        self._failure = message.failure
        self._draw()

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow the sequence and the training."""
        items, trained = self.state.draft.items, self.follow_training()
        changed = items != self._shown
        if changed:
            self._shown = items
            if [item for _, item in self._draft.rows] != list(items):
                self._draft.show_draft(len(items) - 1)
        if changed or trained:
            self._failure = None
            self.rank()
        self._draw()

    def _draw(self) -> None:
        panel = self._draft_panel
        panel.retitle(
            f"Watched · {len(self._shown)}" if self._shown else "Watched", "oldest first" if self._shown else ""
        )
        if self._shown:
            panel.show_rows()
        else:
            panel.show_notice().say(
                "Nothing here yet", "Type titles in the order they were watched, or press a on an item of another tab."
            )
        self._draw_next()
        if not self._shown and self.is_at(self._draft):
            self.go_to(self.line)
        self.refresh_keys()

    def _draw_next(self) -> None:
        answer, failure, panel = self._answer, self._failure, self._next_panel
        panel.retitle("What comes next")
        if self.state.failure is not None:
            panel.show_notice().say_failed(NOT_OPENED, self.state.failure)
        elif self.state.catalogue is None:
            panel.show_notice().say("")
        elif not self._trained or (failure is not None and failure.kind == "untrained"):
            say_untrained(panel.show_notice(), self.state, "sequence")
        elif failure is not None:
            panel.show_notice().say_failed("Looking ahead failed", failure)
        elif answer is None:
            panel.show_notice().say(
                "", "What comes after the titles at the left will stand here." if not self._shown else ""
            )
        elif not answer.results:
            panel.show_notice().say("Nothing comes next", answer.note)
        else:
            panel.retitle(f"What comes next · {answer.method}", answer.note)
            panel.show_rows()
            return
        if self.is_at(self._next):
            self.go_to(self.line)

    @on(DraftTable.Edited)
    def _edited(self) -> None:
        self.refresh_state()

    # -- keys -------------------------------------------------------------------------------------------------
    @on(QueryInput.Arrow)
    def _left_input(self, event: QueryInput.Arrow) -> None:
        if self._completions.choice is not None:
            self._completions.step(event.by)
        elif event.by > 0 and self._shown:
            self.go_to(self._draft)

    @on(Table.LeftTop)
    def _left_list(self) -> None:
        self.go_to(self.line)

    @on(Table.Chosen, "#next")
    def _append(self, event: Table.Chosen) -> None:
        event.stop()
        if item := self._next.item:
            self.post_message(AddToSequence(item))

    @on(Table.Chosen, "#draft")
    def _details(self, event: Table.Chosen) -> None:
        event.stop()
        if details := self._draft.details():
            self.post_message(details)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        match action:
            case "stop" | "clear" if self._completions.open:
                return False
            case "back" if self._completions.open:
                return True
            case "undo":
                return self.state.draft.can_undo
        return super().check_action(action, parameters)

    def failures(self) -> Iterable[Failure | None]:
        """Of what comes next."""
        return (self._failure,)

    def ask_again(self) -> None:
        """Ask again what comes next."""
        self._failure = None
        self.rank()
        self._draw()

    def step_back(self) -> None:
        """Close the completions, keeping what is typed; from the lists to the line."""
        if self._completions.open:
            self._completing.withdraw()
            self._completions.close()
            self.refresh_keys()
        else:
            self.go_to(self.line)

    def action_undo(self) -> None:
        """Take the last change of the sequence back."""
        self.state.draft.undo()
        self.refresh_state()

    def refresh_keys(self) -> None:
        """Also the line's own."""
        self.line.lead_on(bool(self._shown) or self._completions.choice is not None)
        super().refresh_keys()
