"""The folders of the program: under ``RECSYS_TUI_HOME`` if it is set, else where the platform puts them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from engine.errors import RecsysError

APPLICATION = "recsys-tui"


class Paths(NamedTuple):
    """The four folders of the program.

    Attributes
    ----------
    config
        The settings that a person edits.
    data
        The data sets with their embeddings and models.
    cache
        Files that can be made again, such as downloads and the marks of models that were checked.
    state
        The log, and what was used last.
    """

    config: Path
    data: Path
    cache: Path
    state: Path


def find_paths() -> Paths:
    """The folders that are valid now. None of them is created.

    If ``RECSYS_TUI_HOME`` is set, they are in that folder. Otherwise the XDG variables decide on Linux, and the rules
    of the platform elsewhere.

    Raises
    ------
    RecsysError
        If this user has no home folder, or the name of the folder is no text in UTF-8.
    """
    home = os.environ.get("RECSYS_TUI_HOME")
    if home:
        root = Path(os.path.expanduser(home)).absolute()
        _require_text(root)
        return Paths(root / "config", root / "data", root / "cache", root / "state")
    from platformdirs import PlatformDirs

    platform = PlatformDirs(APPLICATION, appauthor=False)
    try:
        paths = Paths(
            platform.user_config_path, platform.user_data_path, platform.user_cache_path, platform.user_state_path
        )
    except RuntimeError as error:  # neither HOME nor an entry among the users of the system
        raise RecsysError(
            "There is no home folder: set RECSYS_TUI_HOME to a folder for data, models and settings."
        ) from error
    _require_text(paths.data)
    return paths


def _require_text(folder: Path) -> None:
    """Refuse a folder whose name cannot be written into files."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise RecsysError(
            f"{folder}: the name of this folder is no text in UTF-8: set RECSYS_TUI_HOME to another one."
        ) from error
