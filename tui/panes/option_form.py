"""The options of a model as a form: values with defaults, ranges and help, and what to do with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.backend.backend import Backend
from tui.messages import Failed
from tui.panes.asking_popup import AskingPopUp
from tui.widgets.cell_text import clean, shorten
from tui.widgets.choice_line import FormInput

if TYPE_CHECKING:
    from engine.data.model_cards import ModelCard, OptionCard

#: Called with what to do (``"train"`` or ``"evaluate"``) and the options that are not defaults.
Chosen = Callable[[str, Mapping[str, Any]], None]


class OptionInput(FormInput):
    """The value of one option; empty for its default."""

    def __init__(self, option: OptionCard, value: str) -> None:
        super().__init__(value, str(option.default))
        self.option = option


class OptionForm(AskingPopUp):
    """Asks for the options of a model.

    Parameters
    ----------
    backend
        Checks what was typed.
    card
        The model.
    protocol
        The protocol by which it would be measured, for the title.
    chosen
        Called when the options are right.
    values
        The values to begin with, by option.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", id="close"),
        Binding("enter", "go('train')", "train", id="train", priority=True),
        Binding("f5", "go('evaluate')", "measure", id="measure", priority=True),
        Binding("down", "app.focus_next", "Next", show=False, id="next-option"),
        Binding("up", "app.focus_previous", "Previous", show=False, id="previous-option"),
    ]

    DEFAULT_CSS = """
    OptionForm > .page {
        & > VerticalScroll { height: auto; max-height: 14; scrollbar-size-vertical: 1; }
        & Horizontal { height: 1; & > Static { width: 20; } }
        & > Static { margin: 1 0 0 0; color: $text-muted; }
    }
    """

    def __init__(
        self, backend: Backend, card: ModelCard, protocol: str, chosen: Chosen, values: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(backend, "options")
        self._card, self._protocol, self._chosen, self._values = card, protocol, chosen, values or {}
        self._help = Static()
        self._what = "train"

    def compose(self) -> ComposeResult:
        """A line for each option, and help for the one with the cursor."""
        with Vertical(classes="page") as page:
            page.border_title = Content(clean(f"Options of {self._card.state.name} · measured by {self._protocol}"))
            page.border_subtitle = Content("Enter trains · F5 measures · Esc closes")
            with VerticalScroll(can_focus=False):
                for option in self._card.options:
                    with Horizontal():
                        yield Static(Content(shorten(option.name, 19)))
                        value = self._values.get(option.name)
                        yield OptionInput(option, "" if value in (None, option.default) else str(value))
            yield self._help

    def on_mount(self) -> None:
        """Begin with the first option."""
        first = next(iter(self.query(OptionInput)), None)
        if first is not None:
            first.focus()

    @on(events.DescendantFocus)
    def _moved(self) -> None:
        if isinstance(self.focused, OptionInput):
            option = self.focused.option
            parts = [option.meaning, f"default {option.default}"]
            if option.choices:
                parts.append(f"one of {', '.join(option.choices)}")
            elif option.bounds:
                parts.append(f"tuning tries {option.bounds}")
            self._help.update(Content(clean(f"{option.name}: {'; '.join(parts)}.")))

    def action_go(self, what: str) -> None:
        """Check what was typed, and then train or measure."""
        self._what = what
        name = self._card.state.name
        values = {one.option.name: one.value for one in self.query(OptionInput)}
        self.ask(lambda session, _: session.cards.read(name, values))

    def answered(self, value: Any) -> None:
        """Close, and do it."""
        self.dismiss()
        self._chosen(self._what, value)

    def failed(self, message: Failed) -> None:
        """Say which value cannot be used."""
        self._help.update(Content.styled(clean(message.failure.text), "$text-error"))
