"""The keys that the help shows, as they are configured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tui.actions import EVERYWHERE, actions
from tui.keymap.keymap import Keymap
from tui.keymap.keys import KeyNameError, parse_key, write_keys

if TYPE_CHECKING:
    from tui.widgets.help import Section


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
