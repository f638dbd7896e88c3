"""The line that ``:`` opens: the words of the command line, completed while they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.backend.backend import Backend
from tui.messages import Failed
from tui.panes.asking_popup import AskingPopUp
from tui.panes.command_words import CommandError, Shell, complete, parse
from tui.widgets.cell_text import clean, fit
from tui.widgets.query_input import QueryInput

if TYPE_CHECKING:
    from collections.abc import Sequence

#: So wide are the names before what they do.
_NAMES = 16


class CommandLine(AskingPopUp):
    """A line at the bottom of the screen; Enter does what it says, Tab takes a completion.

    Parameters
    ----------
    backend
        Looks up users and titles.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", id="close"),
        Binding("tab", "complete", "complete", key_display="Tab", priority=True, id="complete"),
    ]

    DEFAULT_CSS = """
    CommandLine {
        align: center bottom;
        & > .page { width: 100%; max-width: 100%; max-height: 100%; padding: 0 1; border: none; }
        & Static { color: $text-muted; margin: 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
        & Static.-refusal { text-wrap: wrap; }
    }
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, "command")
        self._line = QueryInput("Command", "search, recommend, next, train, theme, quit …", id="command")
        self._said = Static()
        self._offered: Sequence[tuple[str, str]] = ()
        self._marked = -1
        self._early: list[events.Key] = []
        self._own_key: events.Key | None = None

    @property
    def _shell(self) -> Shell:
        return cast("Shell", self.app)

    def compose(self) -> ComposeResult:
        """What can be typed, above the line."""
        with Vertical(classes="page"):
            yield self._said
            yield self._line

    def on_mount(self) -> None:
        """Offer all words."""
        self._line.set_leads_on(True)
        self.set_focus(self._line)
        self._offer("")
        self.call_after_refresh(self._take_early)

    def on_key(self, event: events.Key) -> None:
        """Note a key of this line itself, which passes here on its way to the app."""
        self._own_key = event

    def take_key(self, event: events.Key) -> bool:
        """Take a key that was on its way to what is behind this line when it opened; False for any other key."""
        is_text = event.character is not None and event.is_printable
        if event is self._own_key or not (is_text or event.key == "enter"):
            return False
        self._early.append(event)
        if self.is_mounted:
            self.call_next(self._take_early)
        return True

    async def _take_early(self) -> None:
        early, self._early = self._early, []
        for event in early:
            if event.key == "enter":
                await self._line.action_submit()
            elif event.character is not None:
                self._line.insert_text_at_cursor(event.character)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._marked < 0 or event.value != self._offered[self._marked][0]:
            self._offer(event.value)

    def _offer(self, line: str) -> None:
        self._offered, self._marked = complete(self._shell, line, 14), -1
        self._draw()

    def _draw(self) -> None:
        self._said.remove_class("-refusal")
        parts: list[str | tuple[str, str]] = []
        room = min(max((len(text) for text, _ in self._offered), default=0), _NAMES)
        for place, (text, what) in enumerate(self._offered):
            style = "bold $text" if place == self._marked else "$text-primary"
            mark = "▸ " if place == self._marked else "  "
            parts += ["\n" * bool(parts), (f"{mark}{fit(text, max(room, len(text)))} ", style), clean(what)]
        self._said.update(Content.assemble(*parts))

    def _step(self, by: int) -> None:
        if self._offered:
            self._marked = (
                (self._marked + by) % len(self._offered) if self._marked >= 0 or by > 0 else len(self._offered) - 1
            )
            self._line.value = self._offered[self._marked][0]
            self._line.cursor_position = len(self._line.value)
            self._draw()

    @on(QueryInput.Arrow)
    def _arrow(self, event: QueryInput.Arrow) -> None:
        event.stop()
        self._step(event.by)

    def action_complete(self) -> None:
        """Take the only completion and go on, or mark the next one."""
        if len(self._offered) == 1:
            text = self._offered[0][0]
            self._line.value = f"{text} "
            self._line.cursor_position = len(text) + 1
        else:
            self._step(1)

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.is_current:
            return  # Enter was pressed a second time before the line had closed
        if not event.value.strip():
            self.dismiss()
            return
        try:
            word, words = parse(event.value)
            effect = word.run(self._shell, words)
        except CommandError as error:
            self._refuse(str(error))
            return
        if callable(effect):
            self.ask(effect)
            return
        self.dismiss()
        if isinstance(effect, Message):
            self.app.post_message(effect)
        elif effect:
            self.app.call_later(self.app.run_action, effect)

    def _refuse(self, sentence: str) -> None:
        self._offered, self._marked = (), -1
        self._said.add_class("-refusal")
        self._said.update(Content.assemble(("✗ ", "$text-error"), (clean(sentence), "$text")))

    def answered(self, value: Any) -> None:
        """What was looked up is there."""
        self.dismiss()
        self.app.post_message(value)

    def failed(self, message: Failed) -> None:
        """Say why the command cannot be done."""
        meant = " · ".join(message.failure.suggestions)
        self._refuse(message.failure.text + (f" Did you mean: {meant}?" if meant else ""))
