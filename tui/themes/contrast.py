"""Contrast for themes of others: their accents are made for backgrounds, and some are too faint to read.

The least ratios are those of the Web Content Accessibility Guidelines 2.2, AA: 4.5 for text, 3 for graphics.
"""

from __future__ import annotations

from typing import Final

from textual.color import BLACK, WHITE, Color, ColorParseError

#: The colours in which marks and bars are drawn, and how much they must differ from what is behind them.
_DRAWN: Final = ("primary", "accent", "success", "warning", "error")
_GRAPHICS: Final = 3.2
_STEPS: Final = 20


def contrast(front: Color, back: Color) -> float:
    """The ratio of the luminances of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def with_contrast(variables: dict[str, str], *, dark: bool) -> dict[str, str]:
    """The variables of a theme, with what would be too faint drawn stronger."""
    changed = {**variables, "text-muted": "auto 80%", "text": "auto 95%"}
    try:
        backs = [Color.parse(variables[name]) for name in ("background", "surface", "panel")]
        changed["foreground"] = _seen_at_half(
            Color.parse(variables["foreground"]), backs[0], WHITE if dark else BLACK
        ).hex
        for name in _DRAWN:
            changed[name] = _stronger(Color.parse(variables[name]), backs, WHITE if dark else BLACK).hex
            text = f"text-{name}"
            if text in variables:
                changed[text] = _stronger(Color.parse(variables[text]), backs, WHITE if dark else BLACK, 4.8).hex
    except (KeyError, ColorParseError):  # colours of the terminal: nobody knows what they are
        return variables
    return changed


def _stronger(colour: Color, backs: list[Color], towards: Color, least: float = _GRAPHICS) -> Color:
    for step in range(_STEPS + 1):
        blended = colour.blend(towards, step / _STEPS)
        if min(contrast(blended, back) for back in backs) >= least:
            return blended
    return towards


def _seen_at_half(colour: Color, back: Color, towards: Color) -> Color:
    """A foreground that is still seen where it is drawn half transparent, as scroll bars are."""
    for step in range(_STEPS + 1):
        blended = colour.blend(towards, step / _STEPS)
        if contrast(back.blend(blended, 0.5), back) >= _GRAPHICS:
            return blended
    return towards


def _luminance(colour: Color) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
