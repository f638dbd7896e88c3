"""Sequence: what comes after these?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from engine.items import Item
from engine.results import Answer, Result, TitleMatch
from tui.backend import Backend
from tui.messages import AddToSequence, Answered, Failed, Failure, Said
from tui.panes.base import Pane, may_stop
from tui.panes.draft import SequenceDraft
from tui.panes.offer import can_train, say_untrained
from tui.state import State
from tui.widgets.completions import Completions
from tui.widgets.items import ItemTable, full_title, probability_columns, result_figures, result_of
from tui.widgets.panel import Panel
from tui.widgets.query import QueryInput
from tui.widgets.table import Column, Table
from tui.widgets.text import count, duration

_SHOWN = 100
_COMPLETIONS = 8

_Step = tuple[int, Item]

_STEP_COLUMNS: tuple[Column[_Step], ...] = (
    Column("#", lambda step, _: str(step[0]), width=3, right=True, style="muted"),
    Column("Title", lambda step, _: full_title(step[1]) if step[1].year is None else step[1].title),
    Column("Year", lambda step, _: str(step[1].year or ""), width=4, from_width=30, style="muted"),
)


class DraftTable(ItemTable[_Step]):
    """What was watched, in order; rows can be taken out and moved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete,backspace", "remove", "remove"),
        Binding("K,shift+up", "shift(-1)", "up"),
        Binding("J,shift+down", "shift(1)", "down"),
        Binding("X", "clear", "Remove all", show=False),
        Binding("a", "add", "Add again", show=False),
    ]

    @dataclass
    class Edited(Message):
        """The sequence was changed; the cursor belongs on this row now."""

        cursor: int

    def __init__(self, draft: SequenceDraft) -> None:
        super().__init__(_STEP_COLUMNS, lambda step: step[1], id="draft")
        self._draft = draft

    def action_remove(self) -> None:
        """Take the row out."""
        if self.row is not None:
            self._draft.remove(self.cursor)
            self.post_message(self.Edited(self.cursor))

    def action_shift(self, by: int) -> None:
        """Move the row up or down."""
        if self.row is not None:
            self.post_message(self.Edited(self._draft.move(self.cursor, by)))

    def action_clear(self) -> None:
        """Take everything out."""
        self._draft.clear()
        self.post_message(self.Edited(0))


class NextTable(ItemTable[Result]):
    """What comes next; Enter makes it so."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "append"),
        Binding("a", "add", "Append", show=False),
        Binding("d", "details", "details"),
    ]


class SequencePane(Pane):
    """A line to type titles into, the sequence so far, and what comes after it."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close"),
        Binding("escape", "stop", "stop training"),
        Binding("escape", "back", "back"),
        Binding("slash", "title", "add title", key_display="/"),
        Binding("u", "undo", "undo"),
        Binding("t,f5", "train", "train"),
        Binding("r,f5", "retry", "try again"),
    ]

    def __init__(self, backend: Backend, state: State, *, blink: bool = True) -> None:
        super().__init__(backend, state, id="sequence")
        self._input = QueryInput("Add a title", "type a title; typos are forgiven", blink=blink, id="title")
        self._completions = Completions()
        self._draft = DraftTable(state.draft)
        self._draft_panel = Panel("Watched", self._draft, id="watched")
        self._next = NextTable((), result_of, result_figures, id="next")
        self._next_panel = Panel("What comes next", self._next, id="coming")
        self._shown: tuple[Item, ...] = ()
        self._answer: Answer | None = None
        self._failure: Failure | None = None
        self._completed_text = ""
        self._trained: tuple[tuple[str, str | None], ...] = ()
        self._completing = self.question("titles", "looking titles up", self._completed, self._not_completed)
        self._resolving = self.question("title", "looking the title up", self._resolved, self._not_resolved)
        self._ranking = self.question("next", "looking ahead", self._ranked, self._not_ranked)

    def compose(self) -> ComposeResult:
        """The line above, the two lists side by side."""
        yield self._input
        yield self._completions
        with Horizontal():
            yield self._draft_panel
            yield self._next_panel

    def on_mount(self) -> None:
        """Show what other panes have added already."""
        self.refresh_state()

    def focus_start(self) -> None:
        """Begin with the line."""
        self._input.focus()

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
            self.refresh_bindings()

    def _complete(self) -> None:
        text = self._completed_text = self._input.value.strip()
        self._completing.ask(lambda session, _: session.complete_title(text, _COMPLETIONS))

    def _completed(self, message: Answered) -> None:
        matches: list[TitleMatch] = message.value
        if not self._input.value.strip():
            return
        if matches:
            self._completions.show(matches)
        else:
            self._completions.say(f"No title is like “{self._completed_text}”.")
        self.refresh_bindings()

    def _not_completed(self, message: Failed) -> None:
        self._completions.say(message.failure.text)
        self.refresh_bindings()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self._input.value.strip()
        match = self._completions.match
        if not text:
            return
        if match is not None and self._completed_text == text and not self._completing.pending:
            self._take(match)
        else:
            # Typed faster than the completions came.
            self._completing.withdraw()
            self._resolving.ask(lambda session, _: session.resolve_title(text))

    @on(Table.Chosen, "#completions")
    def _clicked(self, event: Table.Chosen) -> None:
        event.stop()
        match = self._completions.match
        if match is not None:
            self._take(match)

    def _resolved(self, message: Answered) -> None:
        self._take(message.value)

    def _not_resolved(self, message: Failed) -> None:
        meant = " · ".join(message.failure.suggestions)
        self._completions.say(message.failure.text + (f"\nDid you mean: {meant}?" if meant else ""))
        self.refresh_bindings()

    def _take(self, match: TitleMatch) -> None:
        self.post_message(AddToSequence(match.item))
        self._input.value = ""
        self._input.focus()

    # -- what comes next --------------------------------------------------------------------------------------
    def _rank(self) -> None:
        items = [item.dense_id for item in self._shown]
        if items and self._trained:
            self._ranking.ask(lambda session, job: session.next_items(items, _SHOWN, job=job))
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
        catalogue, items = self.state.catalogue, self.state.draft.items
        trained = () if catalogue is None else catalogue.trained("sequence")
        changed = items != self._shown
        if changed:
            grown = len(items) > len(self._shown)
            self._shown = items
            self._draft.show(list(enumerate(items, 1)), cursor=len(items) - 1 if grown else self._draft.cursor)
        if changed or trained != self._trained:
            self._trained = trained
            self._failure = None
            self._rank()
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
        if not self._shown and self._draft.has_focus:
            self._input.focus()
        self.refresh_bindings()

    def _draw_next(self) -> None:
        answer, failure, panel = self._answer, self._failure, self._next_panel
        panel.retitle("What comes next")
        if self.state.failure is not None:
            panel.show_notice().say("That did not work", self.state.failure.text, ("F5", "try again"))
        elif self.state.catalogue is None:
            panel.show_notice().say("", "opening …")
        elif not self._trained or (failure is not None and failure.kind == "untrained"):
            say_untrained(panel.show_notice(), self.state, "sequence")
        elif failure is not None:
            panel.show_notice().say("That did not work", failure.text, ("F5", "try again"))
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
        if self._next.has_focus:
            self._input.focus()

    @on(DraftTable.Edited)
    def _edited(self, event: DraftTable.Edited) -> None:
        self.refresh_state()
        self._draft.cursor = event.cursor

    # -- keys -------------------------------------------------------------------------------------------------
    @on(QueryInput.Arrow)
    def _left_input(self, event: QueryInput.Arrow) -> None:
        if self._completions.match is not None:
            self._completions.step(event.by)
        elif event.by > 0 and self._shown:
            self._draft.focus()

    @on(Table.LeftTop)
    def _left_list(self) -> None:
        self._input.focus()

    @on(Table.Chosen, "#next")
    def _append(self, event: Table.Chosen) -> None:
        event.stop()
        self._next.action_add()

    @on(Table.Chosen, "#draft")
    def _details(self, event: Table.Chosen) -> None:
        event.stop()
        self._draft.action_details()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        match action:
            case "close":
                return self._completions.open
            case "stop":
                return may_stop(self.state.active_job("sequence"))
            case "back":
                return not self._input.has_focus or bool(self._input.value)
            case "title":
                return not self._input.has_focus
            case "undo":
                return self.state.draft.can_undo
            case "train":
                return can_train(self.state, "sequence")
            case "retry":
                failure = self.state.failure or self._failure
                return failure is not None and failure.kind != "untrained"
        return True

    def action_close(self) -> None:
        """Close the completions; what is typed stays."""
        self._completing.withdraw()
        self._completions.close()
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop the training."""
        self.stop_job("sequence")

    def action_back(self) -> None:
        """One step back: to the line, to an empty line."""
        if self._input.has_focus:
            self._input.value = ""
        else:
            self._input.focus()

    def action_title(self) -> None:
        """Go to the line one types titles into."""
        self._input.focus()

    def action_undo(self) -> None:
        """Take the last change of the sequence back."""
        self.state.draft.undo()
        self.refresh_state()

    def action_train(self) -> None:
        """Train the model that is offered."""
        self.train_default("sequence")

    def action_retry(self) -> None:
        """Open the data set again, or ask again."""
        if self.state.failure is not None:
            self.backend.open()
        else:
            self._failure = None
            self._rank()
            self._draw()
