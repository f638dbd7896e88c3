"""Every action that a key can be given to, and actions that would be on the same key at the same time."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import combinations

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input

from tui.keymap.keymap import Keymap
from tui.panes import TABS, tab_bindings
from tui.panes.base import Pane
from tui.widgets.table import Table

EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does.

    Attributes
    ----------
    name
        What it is called in the settings.
    description
        What it does.
    places
        Where it works.
    keys
        The keys that it has if nobody sets others, in Textual's spelling.
    """

    name: str
    description: str
    places: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two actions on one key at one place.

    Attributes
    ----------
    key
        In Textual's spelling.
    actions
        Their names.
    place
        Where both work.
    """

    key: str
    actions: tuple[str, str]
    place: str


#: The bindings that work while one widget has the focus, from the widget outwards, and the place's name.
_Chain = tuple[str, tuple[BindingsMap, ...]]


@cache
def actions() -> dict[str, Action]:
    """All actions by name. Imports every pane, so no first paint may wait for this."""
    found: dict[str, list[tuple[str, Binding]]] = {}
    for kind in _kinds():
        for binding in _own(kind):
            found.setdefault(binding.id or "", []).append((_place(kind), binding))
    return {
        name: Action(
            name,
            "; ".join(dict.fromkeys(_sentence_case(binding.description) for _, binding in sorted_by_place(bindings))),
            tuple(dict.fromkeys(place for place, _ in sorted_by_place(bindings))),
            tuple(dict.fromkeys(binding.key for _, binding in bindings)),
        )
        for name, bindings in sorted(found.items())
        if name
    }


def sorted_by_place(bindings: list[tuple[str, Binding]]) -> list[tuple[str, Binding]]:
    """Bindings in the order of the places, those that work everywhere first."""
    return sorted(bindings, key=lambda one: (one[0] != EVERYWHERE, one[0]))


def conflicts(keymap: Keymap) -> list[Conflict]:
    """Actions that share a key with this keymap at a place where they do not share one without it."""
    found: dict[tuple[str, ...], Conflict] = {}
    for place, chain in _chains():
        without = _sharing(chain)
        for pair, key in _sharing(tuple(map(keymap.apply, chain))).items():
            if pair not in without:
                found.setdefault(pair, Conflict(key, pair, place))
    return list(found.values())


def _sharing(chain: tuple[BindingsMap, ...]) -> dict[tuple[str, str], str]:
    """The pairs of actions that are on one key, with the key."""
    names: dict[str, set[str]] = {}
    for bindings in chain:
        for key, binding in bindings:
            if binding.id:
                names.setdefault(key, set()).add(binding.id)
    return {pair: key for key, found in names.items() for pair in combinations(sorted(found), 2)}


@cache
def _kinds() -> tuple[type[DOMNode], ...]:
    """All classes of the screens that declare keys, or inherit some of ours."""
    import tui

    kinds = []
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if module.name.startswith(("tui.app", "tui.map", "tui.panes", "tui.widgets")):
            kinds += [
                kind
                for kind in vars(import_module(module.name)).values()
                if isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__ == module.name
            ]
    return tuple(kinds)


def _own(kind: type[DOMNode]) -> Iterator[Binding]:
    from textual.app import App

    yield from Binding.make_bindings(kind.__dict__.get("BINDINGS", ()))
    if issubclass(kind, App):
        yield from Binding.make_bindings(tab_bindings())


def _place(kind: type[DOMNode]) -> str:
    from textual.app import App

    if issubclass(kind, App):
        return EVERYWHERE
    module = kind.__module__.removeprefix("tui.panes.")
    tab = next((tab for tab in TABS if module.startswith(tab.name)), None)
    if tab is not None:
        return f"{tab.title} tab"
    if issubclass(kind, Screen):
        return "pop-ups"
    if issubclass(kind, Input):
        return "input lines"
    if issubclass(kind, Table):
        return "lists"
    return "tabs" if issubclass(kind, Pane) else "pop-ups"


def _chains() -> Iterator[_Chain]:
    from textual.app import App

    kinds = _kinds()
    shell = tuple(_bindings(kind) for kind in kinds if issubclass(kind, App))
    inner = [kind for kind in kinds if not issubclass(kind, App | Screen | Pane)]
    for tab in TABS:
        pane = tab.load_pane()
        room = pane.__module__
        for kind in inner:
            if kind.__module__.startswith("tui.widgets") or kind.__module__.startswith(room):
                yield f"the {tab.title} tab", (_bindings(kind), _bindings(pane), *shell)
    for screen in kinds:
        if issubclass(screen, Screen) and screen.__module__ != "tui.app":
            yield "a pop-up", (_bindings(screen),)
            for kind in inner:
                if kind.__module__ == screen.__module__:
                    yield "a pop-up", (_bindings(kind), _bindings(screen))


def _bindings(kind: type[DOMNode]) -> BindingsMap:
    from textual.app import App

    merged = kind._merged_bindings or BindingsMap()
    return BindingsMap.merge([merged, BindingsMap(tab_bindings())]) if issubclass(kind, App) else merged


def _sentence_case(text: str) -> str:
    return text[:1].lower() + text[1:]
