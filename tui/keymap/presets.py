"""The sets of keys that can be chosen. Each says only what it changes of the keys that the app declares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Keys = Mapping[str, tuple[str, ...]]

#: ``j`` ``k`` ``g`` ``G`` ``/`` and ``Ctrl+D`` ``Ctrl+U`` are the app's own keys, too.
VIM: Final[Keys] = MappingProxyType(
    {
        "focus-left": ("h", "left"),
        "focus-right": ("l", "right"),
        "page-down": ("ctrl+f", "ctrl+d", "pagedown"),
        "page-up": ("ctrl+b", "ctrl+u", "pageup"),
        "edit-query": ("slash", "i"),
        "who-liked-it": ("L",),
        "show-history": ("H",),
        "what-if": ("I",),
    }
)

#: Ctrl+A, Ctrl+E, Ctrl+K and the like edit an input line in every set of keys.
EMACS: Final[Keys] = MappingProxyType(
    {
        "cursor-down": ("ctrl+n", "down", "j"),
        "cursor-up": ("ctrl+p", "up", "k"),
        "line-down": ("ctrl+n", "down"),
        "line-up": ("ctrl+p", "up"),
        "page-down": ("ctrl+v", "pagedown"),
        "page-up": ("alt+v", "pageup"),
        "first": ("home", "g", "alt+less_than_sign"),
        "last": ("end", "G", "alt+greater_than_sign"),
        "focus-right": ("ctrl+f", "right"),
        "focus-left": ("ctrl+b", "left"),
        "palette": ("alt+x",),
        "edit-query": ("ctrl+s", "slash"),
        "sort": ("s", "alt+s"),
        "stop": ("ctrl+g", "escape"),
        "clear-line": ("ctrl+g", "escape"),
        "step-back": ("ctrl+g", "escape"),
        "show-adult": ("A", "alt+a"),
        "undo": ("ctrl+underscore", "u"),
    }
)

PRESETS: Final[Mapping[str, Keys]] = MappingProxyType({"default": MappingProxyType({}), "vim": VIM, "emacs": EMACS})
