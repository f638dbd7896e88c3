"""The two themes of this app; Textual's own ones can be chosen in the palette."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="recsys-dark",
    dark=True,
    primary="#6ea8fe",
    secondary="#8b95a7",
    accent="#f2b56b",
    foreground="#dfe3ea",
    background="#14171d",
    surface="#1b1f27",
    panel="#222732",
    success="#7fc98f",
    warning="#e8b95a",
    error="#ee7b7b",
)

LIGHT = Theme(
    name="recsys-light",
    dark=False,
    primary="#1f5fbf",
    secondary="#5a6472",
    accent="#9a5a00",
    foreground="#1d222a",
    background="#fbfbf9",
    surface="#f1f1ee",
    panel="#e6e7e6",
    success="#2c7a3f",
    warning="#8a5a00",
    error="#b3261e",
)
