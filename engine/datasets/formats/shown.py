"""Text of a file, such as the names of its columns, in the form in which a sentence can hold it."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST_NAME = 40


def shortened(text: str, letters: int = _LONGEST_NAME) -> str:
    """The text on one line, cut off after so many letters."""
    line = " ".join(text[: letters * 4].split())
    return line if len(line) <= letters and len(text) <= letters * 4 else f"{line[:letters]}…"


def listed(names: Iterable[str], letters: int = 150) -> str:
    """As many of the names as fit into so many letters."""
    shown: list[str] = []
    length = 0
    for name in names:
        one = shortened(name)
        length += len(one) + 2
        if length > letters:
            return ", ".join([*shown, "…"])
        shown.append(one)
    return ", ".join(shown)
