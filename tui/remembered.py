"""The theme that was chosen last. It is a convenience, so a file that is missing or damaged is no error."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine.errors import DataError
from engine.session import read_json, write_json

FILE = "look.json"


def read_theme(folder: Path) -> str | None:
    """The name of the theme that was chosen last, or None.

    Parameters
    ----------
    folder
        The state folder.
    """
    try:
        return read_json(folder / FILE, dict[str, str]).get("theme")
    except DataError:
        return None


def write_theme(folder: Path, theme: str) -> None:
    """Keep a theme's name for :func:`read_theme`."""
    with suppress(DataError):
        write_json(folder / FILE, {"theme": theme})
