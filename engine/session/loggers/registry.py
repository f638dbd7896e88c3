"""Loggers of runs: other programs' records of what was trained, measured and tuned here, kept beside our own.

A logger is named by an entry point of the group ``recsys_tui.run_loggers``: a function that takes a folder and returns
an object with the method :meth:`RunLogger.log`. Two are built in, ``mlflow`` and ``wandb``; neither sends anything.
"""

from __future__ import annotations

import difflib
import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from engine.data.runs import RunRecord
from engine.errors import RecsysError, UnknownError, abridged

ENTRY_POINTS = "recsys_tui.run_loggers"
#: The built-in loggers by name: where each is made.
LOGGERS: Mapping[str, str] = {
    "mlflow": "engine.session.loggers.mlflow_logger:MlflowLogger",
    "wandb": "engine.session.loggers.wandb_logger:WandbLogger",
}
_log = logging.getLogger(__name__)


class RunLogger(Protocol):
    """Keeps runs for another program."""

    def log(self, run: RunRecord) -> None:
        """Keep a run that has ended, however it ended."""
        ...


def make_logger(name: str, folder: Path) -> RunLogger:
    """Make a logger.

    Parameters
    ----------
    name
        One of :data:`LOGGERS`, or the name of an entry point.
    folder
        Where it keeps the runs; it is created by the logger.

    Raises
    ------
    UnknownError
        If there is no logger of this name.
    RecsysError
        If the package that it needs is not installed.
    """
    if name in LOGGERS:
        module, _, attribute = LOGGERS[name].partition(":")
        make: Callable[[Path], RunLogger] = getattr(importlib.import_module(module), attribute)
        return make(folder)
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in points:
        known = [*LOGGERS, *points]
        raise UnknownError(
            f"There is no logger of runs {name!r}. The loggers are {', '.join(known)}.",
            suggestions=tuple(difflib.get_close_matches(name, known)),
        )
    made: RunLogger = points[name].load()(folder)
    return made


class RunLoggers:
    """The loggers that the settings name. One that fails is said once, and spoils no run.

    Parameters
    ----------
    names
        Their names.
    folder
        The folder below which each has one of its own, by its name.
    """

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self._names, self._folder = tuple(dict.fromkeys(names)), folder
        self._made: dict[str, RunLogger] = {}
        self._failed: set[str] = set()

    def log(self, run: RunRecord) -> list[str]:
        """Have each logger keep a run.

        Returns
        -------
        list of str
            A sentence for each logger that failed for the first time. One that fails is not asked again.
        """
        sentences = []
        for name in self._names:
            if name in self._failed:
                continue
            try:
                if name not in self._made:
                    self._made[name] = make_logger(name, self._folder / name)
                self._made[name].log(run)
            except Exception as error:  # code of other packages, which may raise anything
                self._failed.add(name)
                sentences.append(_sentence(name, error))
                _log.warning("the logger %s failed: %s", name, type(error).__name__, exc_info=_is_unexpected(error))
        return sentences


def _sentence(name: str, error: Exception) -> str:
    why = str(error) if isinstance(error, RecsysError) else f"{type(error).__name__}: {error}"
    return f"Runs are not logged to {name}: {abridged(why, 250)}"


def _is_unexpected(error: Exception) -> bool:
    return not isinstance(error, RecsysError)
