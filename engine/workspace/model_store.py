"""The trained models of one data set: which there are, which could be, which answers, and the loaded ones."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine import models
from engine.data.results import FitReport, ModelState, Task
from engine.errors import DamagedError, NotTrainedError, RecsysError
from engine.storage.atomic import exchanging_folder, read_json, write_json

if TYPE_CHECKING:
    from engine.models import ModelSpec
    from engine.workspace.dataset_store import Manifest, Workspace

REPORT = "report.json"


class ModelStore:
    """Where the models of one data set are kept.

    A model belongs to the vocabularies that its internal ids come from: after the data set was replaced by one with
    other ids, or others of them rated, its older models no longer count as trained.

    Parameters
    ----------
    workspace
        Where the data set lies.
    manifest
        The data set's.
    """

    def __init__(self, workspace: Workspace, manifest: Manifest) -> None:
        self._workspace = workspace
        self._overview = manifest.overview
        # Models are as large as the items that occur in the interactions, which the order of the ids does not tell.
        self._fingerprints = {**manifest.fingerprints, "num_rated_items": manifest.overview.num_rated_items}
        self._loaded: dict[str, tuple[str, Any]] = {}
        self._reports: dict[str, tuple[tuple[int, int, int], dict[str, Any] | None]] = {}

    def folder(self, name: str) -> Path:
        """Where a model lies, or would lie."""
        return self._workspace.model_folder(self._overview.name, name)

    def states(self, task: Task | None = None) -> list[ModelState]:
        """The registry as seen from this data set, in its order; loads no model."""
        return [self.state(spec) for spec in models.describe().values() if task in (None, spec.task)]

    def state(self, spec: ModelSpec) -> ModelState:
        """One model as seen from this data set."""
        state = ModelState(spec.name, spec.task, spec.description, obstacle=self.obstacle(spec))
        stored = self._report(spec.name)
        if stored is None:
            return state
        report = stored["report"]
        return replace(
            state,
            trained=True,
            trained_at=stored["trained_at"],
            options=report["options"],
            metrics=report["metrics"],
            seconds=report["seconds"]["fit"],
        )

    def obstacle(self, spec: ModelSpec) -> str:
        """Why a model cannot learn from this data set; empty if it can."""
        overview = self._overview
        if not overview.num_interactions:
            return "it has no interactions"
        if "ratings" in spec.needs and overview.rating_range is None:
            return "it has no ratings"
        if "times" in spec.needs and not overview.has_timestamps:
            return "it has no times"
        return ""

    def require_trainable(self, spec: ModelSpec) -> None:
        """Raise RecsysError if a model cannot learn from this data set."""
        if obstacle := self.obstacle(spec):
            raise RecsysError(f"{spec.name} cannot learn from the data set {self._overview.name!r}: {obstacle}.")

    def choose(self, task: Task, name: str | None = None) -> str:
        """The model that answers: the one asked for, else the first trained one in the registry's order.

        Raises
        ------
        UnknownError
            If there is no model of this name.
        RecsysError
            If it answers another kind of question, or no model can learn from this data set.
        NotTrainedError
            If it is not trained, or none is; with the command that trains one.
        """
        states = self.states(task)
        if name is not None:
            spec = models.get(name)
            if spec.task != task:
                raise RecsysError(
                    f"{name} answers another kind of question: use {', '.join(state.name for state in states)}."
                )
            if not self.state(spec).trained:
                raise self._untrained(name, f"{name} is not trained on {self._overview.name!r} yet")
            return name
        trained = next((state.name for state in states if state.trained), None)
        if trained is not None:
            return trained
        trainable = next((state.name for state in states if not state.obstacle), None)
        if trainable is None:
            raise RecsysError(f"No model can learn from the data set {self._overview.name!r}: {states[0].obstacle}.")
        raise self._untrained(trainable, f"No model that could answer is trained on {self._overview.name!r} yet")

    def store(self, model: Any, report: FitReport) -> None:
        """Keep a trained model; the older one of its name gives way when the new one is whole.

        Raises
        ------
        DataError
            If it cannot be written; the older model is then untouched.
        """
        with exchanging_folder(self.folder(report.model)) as fresh:
            model.save(fresh)
            write_json(
                fresh / REPORT,
                {
                    "id": uuid4().hex,
                    "report": asdict(report),
                    "fingerprints": self._fingerprints,
                    "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
                },
            )

    def load(self, name: str, device: str) -> Any:
        """A trained model, read again only when it was trained again.

        Raises
        ------
        NotTrainedError
            If it is gone.
        DataError
            If it is damaged.
        """
        stored = self._report(name)
        if stored is None:
            raise self._untrained(name, f"{name} is not trained on {self._overview.name!r} any more")
        known = self._loaded.get(name)
        if known is None or known[0] != stored["id"]:
            known = self._loaded[name] = stored["id"], models.load(self.folder(name), device=device)
        return known[1]

    def _report(self, name: str) -> dict[str, Any] | None:
        path = self.folder(name) / REPORT
        try:
            stat = path.stat()
        except OSError:
            return None
        # Another process may have trained the model again: the file tells, without being read.
        version = stat.st_mtime_ns, stat.st_size, stat.st_ino
        known = self._reports.get(name)
        if known is None or known[0] != version:
            known = self._reports[name] = version, self._read(path)
        return known[1]

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            stored = read_json(path)
        except DamagedError:  # one spoilt model is to be trained again, and must not hide the others
            return None
        fits = isinstance(stored, dict) and stored.get("fingerprints") == self._fingerprints
        return stored if fits else None

    def _untrained(self, name: str, what: str) -> NotTrainedError:
        return NotTrainedError(f"{what}: `recsys-tui train {name} -d {self._overview.name}` trains one.")
