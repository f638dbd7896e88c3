"""The last filter before a terminal whose font has few characters, such as the Linux console: it draws with those.

Such a font has the lines and blocks of the IBM PC. Every other character would be the same question mark or blank.
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

#: What is drawn, and what stands for it; each as wide as the other.
_PLAIN: Final = {
    **dict(zip("╭╮╰╯", "┌┐└┘", strict=True)),
    **dict(zip("━╸╺╾╼┏┓┗┛┃┣┫┳┻╋", "─────┌┐└┘│├┤┬┴┼", strict=True)),
    **dict(zip("▁▂▃▅▆▇", "▄▄▄▄██", strict=True)),
    **dict(zip("▉▊▋▌▍▎▏▐▕", "██▌▌▌▌│▐│", strict=True)),
    **dict(zip("▸▹►▶▷▾▿▼▴△▲◂◃◀", ">>>>>vvv^^^<<<", strict=True)),
    **dict(zip("★☆½●○◉◌◆◇■□▪•", "**½*o*o*o##-·", strict=True)),
    **dict(zip("✓✔✗✘×…–—−‘’“”′″", "++xxx.---''\"\"'\"", strict=True)),
    **dict(zip("↵⏎⇧⌃⇥›‹", "<<^^>><", strict=True)),
}
_FIRST_BRAILLE: Final = 0x2800


def _braille(dots: int) -> str:
    """A character about as dark as so many of eight dots."""
    return " ··::▒▒▓▓"[dots]


_TABLE: Final = {ord(drawn): plain for drawn, plain in _PLAIN.items()} | {
    _FIRST_BRAILLE + pattern: _braille(pattern.bit_count()) for pattern in range(256)
}


class PlainGlyphs(LineFilter):
    """Replaces characters that a small font lacks by those that it has, each by one as wide."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in other characters.

        Parameters
        ----------
        segments
            The line.
        background
            Not used.
        """
        if all(text.isascii() for text, _, _ in segments):
            return segments
        return [Segment(text.translate(_TABLE), style, control) for text, style, control in segments]
