"""The folders of the program: under ``RECSYS_TUI_HOME`` if it is set, else where the platform puts them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

APPLICATION = "recsys-tui"


@dataclass(frozen=True, slots=True)
class Paths:
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
    """
    home = os.environ.get("RECSYS_TUI_HOME")
    if home:
        root = Path(os.path.expanduser(home)).absolute()
        return Paths(root / "config", root / "data", root / "cache", root / "state")
    from platformdirs import PlatformDirs

    platform = PlatformDirs(APPLICATION, appauthor=False)
    return Paths(platform.user_config_path, platform.user_data_path, platform.user_cache_path, platform.user_state_path)
