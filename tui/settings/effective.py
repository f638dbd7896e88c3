"""The settings that hold now, where each comes from, and which entries cannot be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.session import find_paths
from engine.session.settings import FILE, ConfigFile, Problem, Setpoint, read_config, resolve, unknown
from tui.settings.declared import SETTINGS


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings.

    Attributes
    ----------
    points
        The value of each setting by its name, and what sets it.
    problems
        The entries that are not used.
    config
        The file in which they are written.
    """

    points: Mapping[str, Setpoint]
    problems: tuple[Problem, ...] = ()
    config: ConfigFile = field(default_factory=lambda: ConfigFile(config_path()))

    def __getitem__(self, name: str) -> Any:
        """The value of a setting."""
        return self.points[name].value

    def is_set(self, name: str) -> bool:
        """Whether anything but the default decides."""
        return self.points[name].source != "default"


def config_path() -> Path:
    """The file of the settings, whether it exists or not."""
    return find_paths().config / FILE


def read_effective(options: Mapping[str, tuple[str, Any]] | None = None) -> Effective:
    """Read the settings. A file that cannot be read sets nothing, and is a problem like every other.

    Parameters
    ----------
    options
        What the command line gives, by the name of the setting: the option, and its value.
    """
    path, problems = config_path(), []
    try:
        config = read_config(path)
    except DataError as error:
        config = ConfigFile(path)
        problems.append(Problem("", None, str(error)))
    points, wrong = resolve(SETTINGS, config, os.environ, options)
    problems += [*wrong, *unknown(config, [setting.name for setting in SETTINGS])]
    problems.sort(key=lambda problem: problem.line or 0)
    return Effective(points, tuple(problems), config)


class SettingsSource:
    """The settings, and whether their file has changed since they were read.

    Parameters
    ----------
    options
        What the command line gives; see :func:`read_effective`.
    """

    def __init__(self, options: Mapping[str, tuple[str, Any]] | None = None) -> None:
        self._options = options
        self._stamp = _stamp(config_path())
        self.effective = read_effective(options)

    def reread(self) -> Effective | None:
        """The settings, if the file has changed; it reads the disk, so only a worker thread may call it."""
        stamp = _stamp(config_path())
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        self.effective = read_effective(self._options)
        return self.effective


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when the file is written; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
