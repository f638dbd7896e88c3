"""The run service: what was trained, measured and tuned before, and which model answers by default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine import models
from engine.data.results import Task
from engine.data.runs import RunRecord, diff
from engine.errors import ErrorKind, RecsysError
from engine.session.open_dataset import OpenDataset
from engine.session.recording import RunRecorder
from engine.workspace.model_store import ModelStore
from engine.workspace.run_store import StoredRuns


class RunService:
    """The runs on one data set.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened
        self._recorder = RunRecorder(opened)
        self._store = self._recorder.store

    def list(self, *, removed: bool = False) -> StoredRuns:
        """All runs in the order of their numbers, or the removed ones; see :meth:`RunStore.list`."""
        return self._store.list(removed=removed)

    def get(self, number: int) -> RunRecord:
        """One run.

        Raises
        ------
        UnknownError, DataError
            As :meth:`engine.workspace.run_store.RunStore.get`.
        """
        return self._store.get(number)

    def diff(self, first: int, second: int) -> dict[str, tuple[Any, Any]]:
        """What differs between two runs; see :func:`engine.data.runs.diff`."""
        return diff(self.get(first), self.get(second))

    def is_current(self, run: RunRecord) -> bool:
        """Whether a run was made on the data set as it is now, and not before it was replaced."""
        return run.data == self._recorder.data

    def annotate(self, number: int, note: str) -> RunRecord:
        """Replace the note of a run; see :meth:`RunStore.annotate`."""
        return self._store.annotate(number, note)

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove runs, which can be taken back; see :meth:`RunStore.remove`. Models that they made stay."""
        self._store.remove(numbers)

    def restore(self, numbers: Iterable[int]) -> None:
        """Take removed runs back; see :meth:`RunStore.restore`."""
        self._store.restore(numbers)

    def promote(self, number: int) -> str:
        """Have the model that a run made answer for its task from now on; returns the name of the model.

        Raises
        ------
        RecsysError
            If the run did not train the model that is stored now.
        UnknownError, DataError, NotTrainedError
            As :meth:`get`, and if the model is damaged or gone.
        """
        run, store = self.get(number), ModelStore(self._opened.workspace, self._opened.manifest)
        task = models.get(run.model).task
        if run.kind != "train" or run.model_id is None or store.version(run.model) != run.model_id:
            why = (
                "was trained again since" if run.kind == "train" and run.state == "finished" else "was not stored by it"
            )
            raise RecsysError(
                f"Run {number} cannot become the default, since the model {run.model} {why}.",
                kind=ErrorKind.RUN_WITHOUT_MODEL,
                name=run.model,
                dataset=self._opened.name,
                suggestions=[f"{name}={value}" for name, value in changed_options(run).items()],
            )
        store.set_default(task, run.model)
        return run.model

    def set_default(self, task: Task, model: str | None) -> None:
        """Choose the model that answers for a task; see :meth:`ModelStore.set_default`."""
        ModelStore(self._opened.workspace, self._opened.manifest).set_default(task, model)


def changed_options(run: RunRecord) -> dict[str, Any]:
    """The options of a run that differ from the defaults of its model, without the seed and the device."""
    known = models.describe().get(run.model)
    return {
        name: value
        for name, value in run.options.items()
        if name not in ("random_state", "device")
        and known is not None
        and name in known.options
        and known.options[name].default != value
    }
