"""The Sequence tab: a sequence of items, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Paste
from textual.message import Message
from textual.widgets import Input

from engine.data.results import Answer, Comparison, Result, TitleMatch
from tui.backend.backend import Backend
from tui.backend.protocols import Sequences, SessionLike
from tui.draft import SequenceDraft
from tui.messages import AddToSequence, Answered, Failed, Failure, MapLayer, StatusChanged
from tui.panes.base import Debouncer, KeyHelp, ModelPane
from tui.panes.item_panel import ItemPanel, reason_lines
from tui.panes.long_list import LongList
from tui.panes.pasted_titles import PastedTitles, find_items, titles_in
from tui.panes.train_prompt import NOT_OPENED
from tui.panes.what_if import comparison_columns, gone_text
from tui.state import AppState
from tui.widgets.cell_text import count, duration, full_title
from tui.widgets.completions import TITLES, Completions
from tui.widgets.item_list import ItemList, probability_columns, result_figures, result_of
from tui.widgets.panel import Panel
from tui.widgets.query_input import QueryInput
from tui.widgets.reasoned_panel import ReasonedPanel
from tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from engine.session import ExternalId, Item, Task
    from tui.widgets.palette import AnyCommand

_SHOWN = 100
_COMPLETIONS = 8
#: How many titles a reason names.
_NAMED = 2

_Step = tuple[int, "Item"]

_STEP_COLUMNS: tuple[Column[_Step], ...] = (
    Column("#", lambda step, _: str(step[0]), width=3, right=True, priority=2, style="muted"),
    Column("Title", lambda step, _: full_title(step[1]) if step[1].year is None else step[1].title, main=True),
    Column("Year", lambda step, _: str(step[1].year or ""), width=4, priority=1, style="muted"),
    Column("Genres", lambda step, _: ", ".join(step[1].genres), least=10, priority=3, style="muted"),
)


class TitleInput(QueryInput):
    """The input line for titles."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "add", id="add-title")]

    @dataclass
    class Listed(Message):
        """A list of titles was pasted, one on each line."""

        titles: list[str]

    def _on_paste(self, event: Paste) -> None:
        """Take several lines as a list of titles, and one as text."""
        titles = titles_in(event.text)
        if len(titles) < 2:
            super()._on_paste(event)
            return
        event.stop()
        event.prevent_default()
        self.post_message(self.Listed(titles))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to add a title only while something is typed."""
        return bool(self.value.strip()) if action == "submit" else super().check_action(action, parameters)


class DraftTable(ItemList[_Step]):
    """The sequence, oldest first; rows can be removed and moved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x,delete,backspace", "remove", "remove", id="remove"),
        Binding("K,shift+up", "shift(-1)", "up", id="move-up"),
        Binding("J,shift+down", "shift(1)", "down", id="move-down"),
        Binding("X", "clear", "Remove all", show=False, id="remove-all"),
        Binding("a", "verb('add-to-sequence')", "add again", show=False, id="add-to-sequence"),
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
        """Remove the row."""
        if self.rows:
            self._draft.remove(self.cursor)
            self._edited(self.cursor)

    def action_shift(self, by: int) -> None:
        """Move the row up or down."""
        if self.rows:
            self._edited(self._draft.move(self.cursor, by))

    def action_clear(self) -> None:
        """Remove all rows."""
        self._draft.clear()
        self._edited(0)

    def _edited(self, cursor: int) -> None:
        # Draw at once, so that a second key acts on the result of the first one.
        self.show_draft(cursor)
        self.post_message(self.Edited())


def _reason(answer: Answer) -> str:
    """The items that speak most for another one, in words."""
    return _because(full_title(result.item) for result in answer.results[:_NAMED]) if answer.results else answer.note


def _because(titles: Iterable[str]) -> str:
    return f"because of {' and '.join(titles)}"


def _longest_reason(items: Sequence[Item]) -> list[str]:
    """The longest reason that items of a sequence can be."""
    titles = sorted(map(full_title, items), key=cell_len, reverse=True)
    return [_because(titles[:_NAMED])]


class NextTable(ItemList[Result]):
    """The predicted items; Enter appends one to the sequence."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "append", id="choose"),
        Binding("a", "verb('add-to-sequence')", "append", show=False, id="add-to-sequence"),
        Binding("d", "verb('details')", "details", id="details"),
    ]


class SequencePane(ModelPane[Sequences]):
    """An input line for titles, the sequence so far, and what comes next."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    TASK: ClassVar[Task] = "sequence"

    NEEDS: ClassVar[str] = "to know what was watched when, and this data set does not say"

    NUMBERS: ClassVar[KeyHelp] = (
        ("Likely 12.3%", "the chance that it comes next, among all items; the bar is full"),
        ("", "at the likeliest one. Few are above 10 %: thousands could come next"),
        ("-1.52", "of models that give no chances: a score; only the order counts"),
    )

    KEYS: ClassVar[KeyHelp] = (
        ("Enter", "append: the marked title, or what comes next"),
        ("paste", "a list of titles, one on each line: all are added"),
        ("x Delete", "remove"),
        ("K J", "move up and down; also Shift+↑ Shift+↓"),
        ("X", "remove all"),
        ("i", "what if: shows what each change moves; Esc ends it"),
        *ModelPane.KEYS,
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "type", "add title", key_display="/", id="edit-query"),
        Binding("i", "what_if", "what if", id="what-if"),
    ]

    ACTIONS: ClassVar[tuple[str, ...]] = (*ModelPane.ACTIONS, "what_if")

    def __init__(self, backend: Backend, state: AppState, *, blink: bool = True) -> None:
        line = TitleInput("Add a title", "type a title; typos are forgiven", blink=blink, id="title")
        super().__init__(backend, state, line)
        self._completions: Completions[TitleMatch] = Completions(TITLES)
        self._draft = DraftTable(state.draft)
        self._draft_panel = Panel("Watched", self._draft, id="watched")
        self._next = NextTable((), result_of, result_figures, id="next")
        self._long_list: LongList[Sequences] = LongList(self, self._next, "more", self._draw_next)
        self._next_panel = ReasonedPanel("What comes next", self._next, id="coming")
        self._item_panel = ItemPanel(self, (self._next, self._draft))
        self._reasons: dict[ExternalId, Answer] = {}
        """What speaks for the items of the answer, as far as it was asked for."""
        # Each reason takes as many predictions as there are titles, so none is asked for while the cursor moves.
        self._cursor_rest = Debouncer(self, lambda: 3 * state.pace.settle)
        self._shown: tuple[Item, ...] = ()
        self._answer: Answer | None = None
        self._before: tuple[Item, ...] | None = None
        """The sequence that the present one is compared with, while what-if is on."""
        self._comparison: Comparison | None = None
        self._failure: Failure | None = None
        self._completed_text = ""
        self._completing = self.request("titles", "looking titles up", self._completed, self._not_completed)
        self._resolving = self.request("title", "looking the title up", self._resolved, self._not_resolved)
        self._listing = self.request("pasted", "looking the titles up", self._listed, self._not_resolved)
        self._ranking = self.request("next", "looking ahead", self._predicted, self._not_predicted)
        self._explaining = self.request("why next", "", self._explained, lambda _: None)
        self._comparing = self.request("what if", "looking ahead", self._compared, self._not_predicted)

    @staticmethod
    def service_of(session: SessionLike) -> Sequences:
        """What predicts the next items."""
        return session.sequences

    def compose(self) -> ComposeResult:
        """The line above, the two lists side by side."""
        yield self.line
        yield self._completions
        with Horizontal():
            yield self._draft_panel
            yield self._next_panel
        yield self._item_panel

    @property
    def exports(self) -> tuple[str, str | None]:
        """What comes next for all users, by the model that answers here."""
        return "next", self.model

    def map_layers(self) -> tuple[MapLayer, ...]:
        """The sequence, and what comes next."""
        layers = [MapLayer.of("sequence", "the sequence", self._shown)]
        if self._answer is not None:
            layers.append(MapLayer.of("next", "what comes next", map(result_of, self._answer.results)))
        return tuple(layers) if self._shown else ()

    def on_mount(self) -> None:
        """Show what other panes have already added."""
        self.refresh_state()

    @on(events.Resize)
    @on(events.DescendantFocus)
    @on(Table.Moved, "#draft")
    def _followed(self) -> None:
        self._item_panel.follow()

    # -- titles -----------------------------------------------------------------------------------------------
    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._resolving.withdraw()
        text = event.value.strip()
        if text:
            self._completing.send_debounced(self._complete)
        else:
            self._completing.withdraw()
            self._completions.close()
        self.refresh_keys()

    def _complete(self) -> None:
        text = self._completed_text = self.line.value.strip()
        self._completing.send(lambda sequences, _: sequences.complete_title(text, _COMPLETIONS))

    def _completed(self, message: Answered) -> None:
        matches: list[TitleMatch] = message.value
        if not self.line.value.strip():
            return
        if matches:
            self._completions.show(matches)
        else:
            self._completions.show_message(f"No title is like “{self._completed_text}”.")
        self.refresh_keys()

    def _not_completed(self, message: Failed) -> None:
        self._completions.show_message(message.failure.text)
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
            # The title was typed faster than the completions came.
            self._completing.withdraw()
            self._resolving.send(lambda sequences, _: sequences.resolve_title(text))

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
        self._completions.show_message(message.failure.text + (f"\nDid you mean: {meant}?" if meant else ""))
        self.refresh_keys()

    @on(TitleInput.Listed)
    def _pasted(self, event: TitleInput.Listed) -> None:
        event.stop()
        self._completions.close()
        self._listing.send(lambda sequences, job: find_items(sequences, event.titles, job))

    def _listed(self, message: Answered) -> None:
        pasted: PastedTitles = message.value
        if pasted.items:
            self.state.draft.extend(pasted.items)
            self.refresh_state()
            self.refresh_bindings()  # there is something to undo now
        if problem := pasted.problem():
            self._completions.show_message(problem)
        else:
            self.post_message(StatusChanged(f"✓ {count(len(pasted.items), 'title')} added"))
        self.refresh_keys()

    def _take(self, match: TitleMatch) -> None:
        self.post_message(AddToSequence(match.item))
        self.line.value = ""
        self.go_to(self.line)

    # -- what comes next --------------------------------------------------------------------------------------
    def rank(self) -> None:
        """Ask for the items that come after the sequence."""
        items, model = [item.internal_id for item in self._shown], self.model
        if self._before is not None and items and self._trained:
            before = [item.internal_id for item in self._before]
            self._ranking.withdraw()  # its answer would be drawn over the comparison
            self._long_list.stop()
            self._comparing.send(lambda sequences, job: sequences.compare(before, items, _SHOWN, model, job))
        elif items and self._trained:
            self._ranking.send(lambda sequences, job: sequences.next_items(items, _SHOWN, model, job=job))
        else:
            self._ranking.withdraw()
            self._comparing.withdraw()
            self._answer = self._comparison = None

    def _predicted(self, message: Answered) -> None:
        answer: Answer = message.value
        self._answer, self._failure = answer, None
        self._reasons.clear()
        self._explaining.withdraw()
        self._next_panel.reason.expect(_longest_reason(self._shown))
        self._long_list.show(answer, probability_columns(answer))
        self._draw()
        after = count(len(self._shown), "title")
        self.post_message(StatusChanged(f"{duration(message.seconds)} · {answer.method} · after {after}"))

    # -- why it comes next ------------------------------------------------------------------------------------
    @on(Table.Moved, "#next")
    def _weighed(self) -> None:
        item = self._next.item
        self._show_reason()
        self._item_panel.follow()
        if item is None:
            self._cursor_rest.cancel()
        elif item.item_id not in self._reasons:
            self._cursor_rest.call(partial(self.explain, item))

    def explain(self, item: Item) -> None:
        """Ask which titles of the sequence speak for an item that comes next, unless that is known."""
        answered = self._comparison or self._answer
        if answered is None or item != self._next.item or self.is_at(self._draft):
            return
        if item.item_id in self._reasons:
            self._give_reasons(item)
            return
        items, model = [one.internal_id for one in self._shown], answered.method
        self._explaining.send(lambda sequences, job: (item, sequences.explain(items, item.item_id, model, job=job)))

    def _explained(self, message: Answered) -> None:
        item, answer = message.value
        self._reasons[item.item_id] = answer
        self._show_reason()
        self._give_reasons(item)

    def _give_reasons(self, item: Item) -> None:
        """Add the reasons to the details of an item, wherever they are open."""
        heading, lines = "What speaks for it, of the titles watched:", reason_lines(self._reasons[item.item_id])
        self.show_reasons(item, heading, lines)
        self._item_panel.explain(item, heading, lines)

    def _show_reason(self) -> None:
        item = self._next.item
        answer = None if item is None else self._reasons.get(item.item_id)
        self._next_panel.reason.show("" if answer is None else _reason(answer))

    def _compared(self, message: Answered) -> None:
        comparison: Comparison = message.value
        if self._before is None:
            return
        self._comparison, self._failure, self._reasons = comparison, None, {}
        self._explaining.withdraw()  # what was asked about the sequence before
        self._next.show(comparison.results, comparison_columns(comparison), cursor=self._next.cursor)
        self._draw()
        self.post_message(StatusChanged(f"{duration(message.seconds)} · {comparison.method} · what if"))

    def _not_predicted(self, message: Failed) -> None:
        self._failure = message.failure
        self._draw()

    @on(Table.Wanted, "#next")
    def _read_on(self, event: Table.Wanted) -> None:
        event.stop()
        self._long_list.want(event.start, event.end)

    # -- drawing ----------------------------------------------------------------------------------------------
    def refresh_state(self) -> None:
        """Follow changes of the sequence and of the trained models."""
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
            panel.show_notice().show(
                "Nothing here yet", "Type titles in the order they were watched, or press a on an item of another tab."
            )
        self._draw_next()
        if not self._shown and self.is_at(self._draft):
            self.go_to(self.line)
        self.refresh_keys()

    def _draw_next(self) -> None:
        answer, failure, panel = self._answer, self._failure, self._next_panel
        what_if = self._before is not None
        panel.retitle("What if" if what_if else "What comes next")
        if self.state.failure is not None:
            panel.show_notice().show_failed(NOT_OPENED, self.state.failure)
        elif self.state.dataset is None:
            panel.show_notice().show("")
        elif not self._trained or (failure is not None and failure.kind == "untrained"):
            self.show_train_prompt(panel.show_notice())
        elif failure is not None:
            panel.show_notice().show_failed("Looking ahead failed", failure)
        elif what_if and self._comparison is not None:
            changed = "" if self._shown != self._before else "nothing is changed yet"
            panel.retitle(f"What if · {self._comparison.method}", changed or gone_text(self._comparison))
            panel.show_rows()
            return
        elif answer is None:
            panel.show_notice().show(
                "", "What comes after the titles at the left will stand here." if not self._shown else ""
            )
        elif not answer.results:
            panel.show_notice().show("Nothing comes next", answer.why_empty)
        else:
            panel.retitle(f"What comes next · {answer.method} · {self._long_list.extent}", answer.note)
            panel.show_rows()
            panel.reason.display = True
            self._item_panel.follow()
            return
        self._item_panel.follow()
        if self.is_at(self._next):
            self.go_to(self.line)

    @on(DraftTable.Edited)
    def _edited(self) -> None:
        self.refresh_state()
        self.refresh_bindings()  # there is something to undo now

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
        """Offer only actions that would do something now."""
        match action:
            case "stop" | "clear" if self._completions.open:
                return False
            case "back" if self._completions.open or self._before is not None:
                return True
            case "what_if":
                return self._before is None and bool(self._shown) and bool(self._trained)
        return super().check_action(action, parameters)

    def commands(self) -> Iterable[AnyCommand]:
        """What if, beside which model answers."""
        from tui.widgets.palette import Command

        yield from super().commands()
        if self.check_action("what_if", ()):
            about = "Change the sequence on trial, and see what moves"
            yield Command("What if", about, self.action_what_if, action="what-if")

    def action_what_if(self) -> None:
        """Compare what comes next with what came next before the changes that follow."""
        self._before, self._comparison = self._shown, None
        self.post_message(StatusChanged("What if: add, remove or move titles; Esc ends it, u undoes"))
        if self.is_at(self.line):
            self.go_to(self._draft)
        self.rank()
        self._draw()

    def _end_what_if(self) -> None:
        """Have the sequence stand for itself again; the changes stay, and can be undone."""
        self._before = self._comparison = None
        self._comparing.withdraw()
        self.rank()
        self._draw()

    @property
    def is_untouched(self) -> bool:
        """Whether another model could still answer without surprise."""
        return super().is_untouched and self.model is None

    def record(self) -> Mapping[str, Any]:
        """The line, and the model that answers; the sequence itself is the app's."""
        return {"line": self.line.value, "model": self.model}

    def restore(self, record: Mapping[str, Any], items: Mapping[Any, Item]) -> None:
        """Have the same model answer."""
        line, model = record.get("line"), record.get("model")
        if isinstance(line, str):
            self.line.value = line
        if isinstance(model, str) and model in self.trained:
            self.answer_with(model)

    def failures(self) -> Iterable[Failure | None]:
        """The failure of the latest prediction."""
        return (self._failure,)

    def repeat(self) -> None:
        """Ask again for the items that come next."""
        self._failure = None
        self.rank()
        self._draw()

    def step_back(self) -> None:
        """Close the completions and keep the text, or go from the lists to the line."""
        if self._completions.open:
            self._completing.withdraw()
            self._completions.close()
            self.refresh_keys()
        elif self._before is not None:
            self._end_what_if()
        else:
            self.go_to(self.line)

    def refresh_keys(self) -> None:
        """Update the key hints of the line, too."""
        self.line.set_leads_on(bool(self._shown) or self._completions.choice is not None)
        super().refresh_keys()
