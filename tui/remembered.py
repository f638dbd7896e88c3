"""What is remembered of the last run: the theme, and of each data set where the app was left.

It is a convenience, so a file that is missing or damaged is no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataError

FILE = "look.json"
#: The beginning of the name of a file about one data set.
LEFT = "left-"


@dataclass(frozen=True, slots=True)
class LastState:
    """Where the app was left.

    Attributes
    ----------
    tab
        The name of the tab that was open.
    panes
        What each pane has recorded of itself, by the name of its tab: plain values, which only the pane understands.
    sequence
        The ids of the items in the sequence, oldest first.
    """

    tab: str = ""
    panes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sequence: tuple[int | str, ...] = ()


def read_last(folder: Path, dataset: str) -> LastState:
    """Where the app was left with a data set; nothing, if that is not known.

    Parameters
    ----------
    folder
        The state folder.
    dataset
        The name of the data set.
    """
    from engine.session import read_json

    try:
        return read_json(_last_path(folder, dataset), LastState)
    except DataError:
        return LastState()


def write_last(folder: Path, dataset: str, state: LastState) -> None:
    """Keep where the app was left for :func:`read_last`; of two apps, the one that writes last is remembered."""
    from engine.session import write_json

    with suppress(DataError):
        write_json(_last_path(folder, dataset), asdict(state))


def _last_path(folder: Path, dataset: str) -> Path:
    return folder / f"{LEFT}{dataset}.json"


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
