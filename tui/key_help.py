"""The keys that the help shows, as they are configured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tui.actions import EVERYWHERE, actions
from tui.keymap.keymap import Keymap
from tui.keymap.keys import KeyNameError, parse_key, write_keys

if TYPE_CHECKING:
    from tui.widgets.help import Section

#: The keys that work everywhere, beside those that open tabs; for the help screen.
GLOBAL_KEYS = (
    ("Tab Shift+Tab", "next and previous place on the screen"),
    ("'", "jump: letters show beside rows and places, one goes there"),
    (":", "a command: search, recommend, next, train, theme …"),
    ("Ctrl+P", "palette: train, embed, stop, theme …"),
    ("F5", "what the pane offers: embed, train, try again"),
    ("E", "export for all users: lists, vectors, a report"),
    ("M", "map of the catalogue by meaning; F1 there: its keys"),
    ("Esc", "close, stop this tab's job, or one step back"),
    ("F1 ?", "these keys"),
    ("[ ] Alt+← →", "back and forward through the places one was at"),
    ("u U", "undo the last change, redo it"),
    ("q Ctrl+Q F10", "quit; while typing: the last two"),
    ("Ctrl+Z", "suspend; fg in the shell comes back"),
)


def configured(sections: Iterable[Section], keymap: Keymap) -> Iterator[Section]:
    """Sections of the help with the keys that actions have now in place of those that are written there."""
    for title, rows in sections:
        if not keymap:
            yield title, rows
            continue
        places = (f"{title} tab", "lists", "tabs", "input lines", EVERYWHERE)
        yield title, tuple((_keys(written, keymap, places), what) for written, what in rows)


def _keys(written: str, keymap: Keymap, places: tuple[str, ...]) -> str:
    """What is no key of an action, such as an example of a filter, stays as it is."""
    words = [_word(word, keymap, places) for word in written.split(" ")]
    return " ".join(dict.fromkeys(words))


def _word(word: str, keymap: Keymap, places: tuple[str, ...]) -> str:
    try:
        key = parse_key(word)
    except KeyNameError:
        return word
    for place in places:
        for action in actions().values():
            if place in action.places and key in action.keys:
                return write_keys(keymap.keys[action.name]) if action.name in keymap.keys else word
    return word
