"""Where things lie: one folder named by ``RECSYS_TUI_HOME``, else the platform's own places."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

APPLICATION = "recsys-tui"


@dataclass(frozen=True, slots=True)
class Paths:
    """The four places of the program.

    Attributes
    ----------
    config
        Settings a person edits.
    data
        Data sets with their embeddings and models.
    cache
        What can be made again: downloads, checked-model stamps.
    state
        What was used last, the log.
    """

    config: Path
    data: Path
    cache: Path
    state: Path


def find_paths() -> Paths:
    """The places in force now. Nothing is created.

    ``RECSYS_TUI_HOME`` puts everything under that folder; else the XDG variables on Linux, and the platform's own
    folders elsewhere, decide.
    """
    home = os.environ.get("RECSYS_TUI_HOME")
    if home:
        root = Path(os.path.expanduser(home)).absolute()
        return Paths(root / "config", root / "data", root / "cache", root / "state")
    from platformdirs import PlatformDirs

    platform = PlatformDirs(APPLICATION, appauthor=False)
    return Paths(platform.user_config_path, platform.user_data_path, platform.user_cache_path, platform.user_state_path)
