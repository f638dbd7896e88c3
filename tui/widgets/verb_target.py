"""Widgets that the verbs of :mod:`tui.verbs` work on, and the menu of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from textual import events

from tui.verbs import Subject, Verb
from tui.widgets.choices import Choice, ChoiceScreen

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object


class VerbTarget(Generic[Subject], _Base):
    """A widget with a subject for verbs; its ``BINDINGS`` contain :func:`tui.verbs.bindings_of` them."""

    VERBS: ClassVar[Sequence[Verb[Any]]] = ()

    withheld: frozenset[str] = frozenset()
    """The verbs whose keys mean something else here at the moment; the menu offers them nevertheless."""

    def subject(self) -> Subject | None:
        """What the verbs are about; None if there is nothing."""
        raise NotImplementedError

    @property
    def offered(self) -> tuple[Verb[Subject], ...]:
        """The verbs that would do something now."""
        subject = self.subject()
        return () if subject is None else tuple(verb for verb in self.VERBS if verb.needs(subject))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only verbs that would do something now."""
        match action:
            case "verb":
                return parameters[0] not in self.withheld and any(verb.id == parameters[0] for verb in self.offered)
            case "verb_menu":
                return self.subject() is not None
        return super().check_action(action, parameters)

    def action_verb(self, name: str) -> None:
        """Have something done with the subject."""
        subject = self.subject()
        verb = next((one for one in self.offered if one.id == name), None)
        if subject is not None and verb is not None:
            self.post_message(verb.message(subject))

    def action_verb_menu(self) -> None:
        """Show the verbs in front of the screen."""
        if verbs := self.offered:
            self.app.push_screen(VerbMenu(verbs, self.action_verb))


class VerbMenu(ChoiceScreen):
    """A menu of verbs, in which their own keys work, too.

    Parameters
    ----------
    verbs
        The verbs.
    chosen
        Called with the id of the chosen one.
    """

    def __init__(self, verbs: Sequence[Verb[Any]], chosen: Callable[[str], None]) -> None:
        self._verbs = tuple(verbs)
        choices: list[Choice] = [(verb.title, verb.keys.replace(",", " ")) for verb in verbs]
        super().__init__("What to do", choices, lambda place: chosen(self._verbs[place].id))

    def on_key(self, event: events.Key) -> None:
        """Take a verb by its key."""
        for place, verb in enumerate(self._verbs):
            if event.character in verb.keys.split(","):
                event.stop()
                event.prevent_default()
                self.dismiss()
                self._call(place)
                return
