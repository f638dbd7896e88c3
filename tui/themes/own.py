"""The themes of this app; Textual's can be chosen beside them."""

from __future__ import annotations

from typing import Final

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

# The next two keep success, warning and error apart for people who do not tell red from green, or blue from yellow:
# their hues are near those of Okabe and Ito ("Color Universal Design", 2008), darkened or lightened so that text
# can be read.
COLOUR_BLIND_DARK = Theme(
    name="recsys-colour-blind-dark",
    dark=True,
    primary="#56b4e9",
    secondary="#a0a7b4",
    accent="#e69f00",
    foreground="#e6e9ee",
    background="#121419",
    surface="#1a1d24",
    panel="#23272f",
    success="#56b4e9",
    warning="#f0e442",
    error="#f08a4b",
)

COLOUR_BLIND_LIGHT = Theme(
    name="recsys-colour-blind-light",
    dark=False,
    primary="#005b8f",
    secondary="#555e6b",
    accent="#7a5200",
    foreground="#16191f",
    background="#fdfdfc",
    surface="#f3f3f1",
    panel="#e8e9e8",
    success="#005b8f",
    warning="#6e5800",
    error="#a0005a",
)

#: The themes of this app; the first one is the default.
OWN: Final = (DARK, LIGHT, COLOUR_BLIND_DARK, COLOUR_BLIND_LIGHT)
