"""What can be set, in the order in which it is documented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.session.settings import ENGINE_SETTINGS, Setting

#: How many colours are drawn; ``auto`` is what the terminal says of itself.
COLOURS: Final = ("auto", "truecolor", "256", "16", "none")
#: Whether drawings keep to the characters of small fonts; ``auto`` does so on the Linux console.
CHARACTERS: Final = ("auto", "all", "few")
#: Whether less is drawn; ``auto`` draws fewer frames over SSH.
TRAFFIC: Final = ("auto", "on", "off")
#: How pictures of items are drawn; ``auto`` is by what the terminal says of itself.
IMAGE_PROTOCOLS: Final = ("auto", "half-cell", "unicode", "kitty", "off")
#: The sets of keys.
KEYMAPS: Final = ("default", "vim", "emacs")


def _themes() -> Sequence[str]:
    from tui.themes.catalogue import theme_names

    return theme_names()


APP_SETTINGS: Final = (
    Setting(
        "theme",
        "choice",
        None,
        "the colours; without it those chosen last in the app",
        "recsys-light",
        choices_of=_themes,
    ),
    Setting("colours", "choice", "auto", "how many colours are drawn", "16", COLOURS),
    Setting("keymap", "choice", "default", "the set of keys", "vim", KEYMAPS),
    Setting("keys", "keys", {}, "other keys for single actions", {"more-like-this": "ctrl+r", "quit": ["q", "ctrl+q"]}),
    Setting("restore", "truth", True, "whether the app begins where it was left", False),
    Setting("settle-milliseconds", "number", 150, "how long typing must rest before a search starts", 300),
    Setting("characters", "choice", "auto", "which characters lines and charts are drawn with", "few", CHARACTERS),
    Setting("image-protocol", "choice", "auto", "how pictures of items are drawn", "unicode", IMAGE_PROTOCOLS),
    Setting("low-traffic", "choice", "auto", "whether less is drawn, for a slow connection", "on", TRAFFIC),
)

#: All settings: those of the app, and then those of the engine.
SETTINGS: Final = (*APP_SETTINGS, *ENGINE_SETTINGS)
