"""Which model answers for each task of a data set, where a person chose one."""

from __future__ import annotations

from pathlib import Path

from engine.data.results import Task
from engine.errors import DataError
from engine.storage.atomic import write_json
from engine.storage.guarded import read_json
from engine.workspace.layout import DEFAULTS


def read_defaults(folder: Path) -> dict[str, str]:
    """Task -> the model that was chosen for it, in the folder of a data set.

    Nothing depends on this file, so a missing or damaged one counts as no choice; the check of stored files names it.
    """
    try:
        return read_json(folder / DEFAULTS, dict[str, str])
    except DataError:
        return {}


def write_default(folder: Path, task: Task, model: str | None) -> None:
    """Choose the model for a task; None for the best trained one. The caller holds the lock of the workspace.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    chosen = {**read_defaults(folder), task: model}
    write_json(folder / DEFAULTS, {name: one for name, one in chosen.items() if one is not None})
