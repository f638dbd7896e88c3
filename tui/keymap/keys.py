"""The names of keys, as a person writes them and as Textual knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from textual.keys import Keys, _character_to_key, format_key

#: Other names of keys than Textual's.
_NAMES: Final[Mapping[str, str]] = {
    "esc": "escape",
    "return": "enter",
    "ret": "enter",
    "del": "delete",
    "ins": "insert",
    "bs": "backspace",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page up": "pageup",
    "page down": "pagedown",
    "spc": "space",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "↵": "enter",
}
_MODIFIERS: Final[Mapping[str, str]] = {
    "ctrl": "ctrl",
    "control": "ctrl",
    "c": "ctrl",
    "alt": "alt",
    "meta": "alt",
    "m": "alt",
    "shift": "shift",
    "s": "shift",
    "super": "super",
}
#: What a terminal sends for these keys is the same as for others.
_SAME: Final[Mapping[str, str]] = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_NAMED: Final = frozenset(str(key.value) for key in Keys)
_WRITTEN: Final[Mapping[str, str]] = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "delete": "Delete",
    "backspace": "Backspace",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


class KeyNameError(ValueError):
    """There is no such key, or a terminal cannot tell it from another; the text says so."""


def parse_keys(value: object) -> tuple[str, ...]:
    """The keys that an entry of the settings names.

    Parameters
    ----------
    value
        One key, several with commas between them, or a list of keys.

    Raises
    ------
    KeyNameError
        If one of them is no key.
    """
    if isinstance(value, str):
        words: Iterable[object] = [value] if value.strip() in (",", "") else value.split(",")
    elif isinstance(value, list | tuple):
        words = value
    else:
        raise KeyNameError("keys are texts in quotes")
    keys = tuple(dict.fromkeys(parse_key(word) for word in words))
    if not keys:
        raise KeyNameError("no key is named")
    return keys


@lru_cache(512)
def parse_key(word: object) -> str:
    """A key in Textual's spelling: ``Ctrl+P``, ``^p`` and ``C-p`` are ``ctrl+p``, and ``?`` is ``question_mark``.

    Raises
    ------
    KeyNameError
        If it is no key.
    """
    text = word.strip(" ") if isinstance(word, str) and word != " " else word
    if not isinstance(text, str) or not text:
        raise KeyNameError("an empty text is no key")
    modifiers, key = _parts(text)
    if len(key) == 1:
        if not key.isprintable():
            raise KeyNameError(f"{text!r} is no key")
        if "shift" in modifiers and key.isalpha():
            modifiers.remove("shift")
            key = key.upper()
        elif "ctrl" in modifiers:
            key = key.lower()
        key = _character_to_key(_NAMES.get(key, key))
        key = _NAMES.get(key, key)
    elif key.lower() in _NAMES or key.lower() in _NAMED:
        key = _NAMES.get(key.lower(), key.lower())
    else:
        raise KeyNameError(f"{text[:40]!r} is no key")
    written = "+".join([*(one for one in ("alt", "ctrl", "shift", "super") if one in modifiers), key])
    if written in _SAME:
        raise KeyNameError(f"a terminal cannot tell {text[:40]!r} from {_SAME[written]}")
    return written


def _parts(text: str) -> tuple[list[str], str]:
    modifiers: list[str] = []
    rest = text
    if len(rest) == 2 and rest[0] == "^":
        return ["ctrl"], rest[1]
    while True:
        cut = next((at for at, mark in enumerate(rest) if mark in "+-" and 0 < at < len(rest) - 1), None)
        name = "" if cut is None else rest[:cut].strip().lower()
        if cut is None or name not in _MODIFIERS or (rest[cut] == "-" and len(name) > 1):
            return modifiers, rest
        if len(name) == 1 and rest[cut] == "+":
            return modifiers, rest
        modifiers.append(_MODIFIERS[name])
        rest = rest[cut + 1 :].strip(" ")


def write_key(key: str) -> str:
    """A key of Textual as the help writes it: ``Ctrl+P``."""
    *modifiers, name = key.split("+")
    shown = _WRITTEN.get(name) or format_key(name)
    if modifiers and len(shown) == 1:
        shown = shown.upper()
    if name.startswith("f") and name[1:].isdigit():
        shown = name.upper()
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def write_keys(keys: Iterable[str]) -> str:
    """Several keys, as the help writes them."""
    return " ".join(map(write_key, keys))
