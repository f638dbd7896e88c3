"""The theme that was chosen last. It is a convenience, so a file that is missing or damaged is no error."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine.errors import DataError

FILE = "look.json"


def read_theme(folder: Path) -> str | None:
    """The name of the theme that was chosen last, or None.

    Parameters
    ----------
    folder
        The state folder.
    """
    if not (folder / FILE).exists():
        return None
    from engine.session import read_json  # here, so that a start without the file does not wait for it

    try:
        return read_json(folder / FILE, dict[str, str]).get("theme")
    except DataError:
        return None


def write_theme(folder: Path, theme: str) -> None:
    """Keep a theme's name for :func:`read_theme`."""
    from engine.session import write_json

    with suppress(DataError):
        write_json(folder / FILE, {"theme": theme})
