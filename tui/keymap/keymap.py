"""Other keys for the actions of the app, applied to its bindings.

Textual's own keymap is not used: applying it to a node removes the other bindings of a key that several share, such as
Esc, and lets a key through to a binding although an input line takes it as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.binding import Binding, BindingsMap
from textual.keys import key_to_character

from tui.keymap.keys import KeyNameError, parse_keys, write_key
from tui.keymap.presets import PRESETS, Keys

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object


class Keymap(NamedTuple):
    """The keys that differ from those that the bindings declare.

    Attributes
    ----------
    keys
        The keys of each such action, in Textual's spelling; the first one is the one that hints show.
    """

    keys: Keys = MappingProxyType({})

    def __bool__(self) -> bool:
        return bool(self.keys)

    def apply(self, bindings: BindingsMap) -> BindingsMap:
        """The bindings of a node with these keys; those of actions that are not in the map stay as they are."""
        if not any(binding.id in self.keys for _, binding in bindings):
            return bindings.copy()
        applied: dict[str, list[Binding]] = {}
        moved: set[tuple[str | None, str]] = set()
        for key, binding in bindings:
            if binding.id not in self.keys:
                applied.setdefault(key, []).append(binding)
            elif binding.id and (binding.id, binding.action) not in moved:
                moved.add((binding.id, binding.action))
                for new in self.keys[binding.id]:
                    applied.setdefault(new, []).append(binding.with_key(new))
        return BindingsMap.from_keys(applied)


def shown_key(app: object, action: str, default: str) -> str:
    """The key of an action, as a notice or a title names it.

    Parameters
    ----------
    app
        The app; one without a keymap has the default keys.
    action
        The name of the action.
    default
        How its key is written unless it has other ones.
    """
    keymap: Keymap | None = getattr(app, "keymap", None)
    if keymap is None or not keymap.keys.get(action):
        return default
    return write_key(keymap.keys[action][0])


class UsesKeymap(_Base):
    """A screen whose bindings, and those of all widgets on it, go by the app's keymap."""

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        chain = super()._binding_chain
        keymap: Keymap | None = getattr(self.app, "keymap", None)
        if not keymap:
            return chain
        applied: list[tuple[DOMNode, BindingsMap]] = []
        for node, _ in chain:
            bindings = keymap.apply(node._bindings)
            # As in Textual's own chain: a key that a widget takes as text is none of those behind it.
            for before, _ in applied:
                for key in list(bindings.key_to_bindings):
                    if before.check_consume_key(key, key_to_character(key)):
                        del bindings.key_to_bindings[key]
            applied.append((node, bindings))
        return applied


def make_keymap(preset: str, own: Mapping[str, Any]) -> tuple[Keymap, dict[str, str]]:
    """The keymap of the settings, and why entries cannot be used, by the name of their action.

    Parameters
    ----------
    preset
        One of :data:`tui.keymap.presets.PRESETS`.
    own
        The keys that a person has given to actions, as they are written in the file.
    """
    keys = dict(PRESETS[preset])
    objections: dict[str, str] = {}
    for action, value in own.items():
        try:
            keys[action] = parse_keys(value)
        except KeyNameError as error:
            objections[action] = f"{action[:60]} cannot have these keys, since {error}"
    return Keymap(keys), objections


def objection_to_names(own: Mapping[str, Any], actions: Mapping[str, object]) -> dict[str, str]:
    """Why names in the settings are no actions."""
    from difflib import get_close_matches

    objections = {}
    for action in own:
        if action not in actions:
            close = get_close_matches(action, actions, 1)
            remedy = f"; did you mean {close[0]}" if close else ""
            objections[action] = f"there is no action {action[:60]}{remedy}"
    return objections
