"""Exports for all users or items as a form: what is written, by which model, how much of it, and where to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.backend.backend import Backend
from tui.messages import Failed, OpenExport
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean
from tui.widgets.choice_line import ChoiceLine, FormInput

if TYPE_CHECKING:
    from engine.session import ExportChoice, ExportOrder, Job
    from engine.session.exports.orders import Side
    from tui.backend.protocols import SessionLike

#: What the lines of the form are called.
_NAMES = {
    "kind": "What",
    "model": "Model",
    "side": "Vectors of",
    "count": "How many",
    "format": "Format",
    "file": "File",
}
_LONGEST_LIST = 10_000
_KEEP = "Nothing is replaced without being asked twice."


class ExportForm(AskingPopUp):
    """Asks for an export and has it written as a job; an existing file is replaced only when asked twice.

    Parameters
    ----------
    backend
        Knows what can be written, and writes it.
    begins
        The values to begin with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", id="close"),
        Binding("enter", "write", "write", id="write-export", priority=True),
        Binding("down", "app.focus_next", "Next", show=False, id="next-line"),
        Binding("up", "app.focus_previous", "Previous", show=False, id="previous-line"),
    ]

    DEFAULT_CSS = """
    ExportForm > .page {
        & Horizontal { height: 1; & > Static { width: 12; } & > ChoiceLine { width: 1fr; } }
        & > Static { margin: 1 0 0 0; color: $text-muted; }
    }
    """

    def __init__(self, backend: Backend, begins: OpenExport) -> None:
        super().__init__(backend, "export form")
        self._backend, self._begins = backend, begins
        self._lines: dict[str, ChoiceLine | FormInput] = {
            "kind": ChoiceLine("kind", self._kind_changed),
            "model": ChoiceLine("model", self._changed),
            "side": ChoiceLine("side", self._changed),
            "count": FormInput(str(begins.count), "10", longest=6, id="count"),
            "format": ChoiceLine("format", self._changed),
            "file": FormInput(begins.file, "", id="file"),
        }
        self._rows: dict[str, Horizontal] = {}
        self._said = Static()
        self._choices: dict[str, ExportChoice] = {}
        self._suggested = ""
        self._refused: ExportOrder | None = None

    def compose(self) -> ComposeResult:
        """A line for each value, and what is said about them."""
        with Vertical(classes="page") as page:
            page.border_title = Content("Export for all users or items")
            page.border_subtitle = Content("↑↓ lines · ←→ changes · Enter writes · Esc closes")
            for name, line in self._lines.items():
                self._rows[name] = Horizontal(Static(Content(_NAMES[name])), line)
                yield self._rows[name]
            yield self._said

    def on_mount(self) -> None:
        """Ask what can be written."""
        self._choice("side").offer((("items", "the items"), ("users", "the users")))
        self._say("Looking which models can answer …")
        self._choice("kind").focus()
        self.ask(lambda session, _: session.exports.choices())

    def _choice(self, name: str) -> ChoiceLine:
        line = self._lines[name]
        assert isinstance(line, ChoiceLine)
        return line

    def _typed(self, name: str) -> FormInput:
        line = self._lines[name]
        assert isinstance(line, FormInput)
        return line

    def _say(self, text: str, *, error: bool = False) -> None:
        self._said.update(Content.styled(clean(text), "$text-error" if error else ""))

    @property
    def _chosen(self) -> ExportChoice | None:
        return self._choices.get(self._choice("kind").value)

    # -- what can be chosen -----------------------------------------------------------------------------------
    def answered(self, value: Any) -> None:
        """What can be written is known; or the export can begin."""
        if isinstance(value, list):
            self._choices = {choice.kind.name: choice for choice in value}
            kinds = [(choice.kind.name, f"{choice.kind.name}: {choice.kind.meaning}") for choice in value]
            self._choice("kind").offer(kinds, self._begins.kind)
            self._offer_kind(self._begins.model)
            return
        if value.exists:
            self._refused = value.order
            self._say(f"{value.order.target.path} exists already. Enter again replaces it; another name keeps it.")
            return
        self.dismiss()
        self._backend.export(value.order)

    def _offer_kind(self, model: str | None = None) -> None:
        """Offer what fits the kind that is chosen."""
        choice = self._chosen
        if choice is None:
            return
        models = [("", f"{choice.models[0]}, the best trained" if choice.models else "–")]
        if choice.kind.name == "report":
            models = [("", "all that are trained")]
        models += [(name, name) for name in choice.models[choice.kind.name != "report" :]]
        self._choice("model").offer(models, model or "")
        ending = Path(self._typed("file").value).suffix.lower()
        self._choice("format").offer([(one, one) for one in choice.kind.endings], ending)
        shown = {"model": bool(choice.models), "side": choice.kind.sides, "count": bool(choice.kind.owner)}
        for name, row in self._rows.items():
            row.display = shown.get(name, True)
        self._suggest()
        self._tell()

    def _suggest(self) -> None:
        """Suggest a name for the file, unless somebody has typed one; its ending follows the format."""
        choice, line, ending = self._chosen, self._typed("file"), self._choice("format").value
        if choice is None:
            return
        typed = line.value.strip()
        if typed in ("", self._suggested):
            model = self._choice("model").value
            parts = [choice.kind.name, *([model] if model else [])]
            self._suggested = "-".join(parts) + ending
            typed = self._suggested
        elif Path(typed).suffix.lower() != ending:
            known = {one for other in self._choices.values() for one in other.kind.endings}
            typed = (typed.removesuffix(Path(typed).suffix) if Path(typed).suffix.lower() in known else typed) + ending
        with line.prevent(Input.Changed):
            line.value = typed
        line.cursor_position = len(typed)

    def _tell(self) -> None:
        choice = self._chosen
        if choice is None:
            return
        if choice.obstacle:
            self._say(f"{choice.obstacle} F6 shows the models.", error=True)
            return
        files = "; the ids go to a file beside it" if self._choice("format").value == ".npy" else ""
        self._say(f"In {Path.cwd()}{files}. {_KEEP}")

    def _kind_changed(self) -> None:
        self._refused = None
        self._offer_kind(self._choice("model").value)

    def _changed(self) -> None:
        self._refused = None
        self._suggest()
        self._tell()

    @on(Input.Changed)
    def _value_typed(self, event: Input.Changed) -> None:
        event.stop()
        choice = self._chosen
        if choice is None:
            return
        ending = Path(self._typed("file").value.strip()).suffix.lower()
        if event.input.id == "file" and ending in choice.kind.endings:
            self._choice("format").offer([(one, one) for one in choice.kind.endings], ending)
        self._refused = None
        self._tell()

    # -- writing ----------------------------------------------------------------------------------------------
    def action_write(self) -> None:
        """Check what was chosen, and then have it written."""
        from engine.session import ExportOrder, Target
        from tui.spreadsheet import defused

        choice, name = self._chosen, self._typed("file").value.strip()
        if choice is None:
            return
        if choice.obstacle:
            self._tell()
            return
        count = self._typed("count").value.strip() or "10"
        if not count.isdecimal() or not 0 < int(count) <= _LONGEST_LIST:
            self._say(f"How many must be a number from 1 to {_LONGEST_LIST:,}, not {count!r}.", error=True)
            self._typed("count").focus()
            return
        if not name:
            self._say("Name a file.", error=True)
            self._typed("file").focus()
            return
        side: Side = "users" if self._choice("side").value == "users" else "items"
        try:
            path = Path(name).expanduser()
        except RuntimeError:
            self._say(f"There is no home folder of {name.partition('/')[0]!r}: name the file in full.", error=True)
            self._typed("file").focus()
            return
        target = Target(path, False, defused)
        order = ExportOrder(choice.kind.name, target, self._choice("model").value or None, int(count), side)
        if order == self._refused:
            order = replace(order, target=replace(target, replace=True))
        self._say("Looking whether it can be written …")
        self.ask(partial(_require, order))

    def failed(self, message: Failed) -> None:
        """Say why it cannot be written."""
        self._refused = None
        self._say(message.failure.text, error=True)


@dataclass(frozen=True, slots=True)
class _Checked:
    """An order that can be carried out, unless its file exists."""

    order: ExportOrder
    exists: bool


def _require(order: ExportOrder, session: SessionLike, _: Job) -> _Checked:
    """Check an order. Runs in a worker thread."""
    from engine.errors import DataError, ErrorKind

    try:
        session.exports.require(order)
    except DataError as error:
        if error.kind is not ErrorKind.FILE_EXISTS:
            raise
        return _Checked(order, True)
    return _Checked(order, False)
