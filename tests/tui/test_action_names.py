"""Every key belongs to an action with a name, by which ``config.toml`` can give it another key."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

from textual.binding import Binding
from textual.dom import DOMNode

import tui
from tests.tui.conftest import settle


def declared() -> Iterator[tuple[type[DOMNode], Binding]]:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        for kind in vars(import_module(module.name)).values():
            if isinstance(kind, type) and issubclass(kind, DOMNode) and kind.__module__ == module.name:
                yield from ((kind, binding) for binding in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())))


def test_every_binding_names_its_action() -> None:
    unnamed = [
        f"{kind.__qualname__}: {binding.key}"
        for kind, binding in declared()
        if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", binding.id or "")
    ]
    assert not unnamed, "give these bindings an id: what the action is called in config.toml, such as more-like-this"


def test_an_action_has_one_name() -> None:
    """Within one place; elsewhere the same key may lead to another method that means the same."""
    names: dict[tuple[type[DOMNode], str], set[str]] = {}
    for kind, binding in declared():
        names.setdefault((kind, binding.action), set()).add(binding.id or "")
    assert {one: found for one, found in names.items() if len(found) > 1} == {}


async def test_the_keys_of_the_tabs_have_names(make_app) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await settle(pilot)
        names = {active.binding.id for active in app.screen.active_bindings.values()}
    assert {"open-search", "open-user", "open-sequence", "quit", "palette"} <= names
