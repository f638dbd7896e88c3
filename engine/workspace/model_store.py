"""The trained models of one data set: which exist, which can be trained, and which one answers a request."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine import models
from engine.data.results import FitReport, ModelState, Task
from engine.errors import DamagedError, DataError, ErrorKind, NotTrainedError, RecsysError
from engine.storage.atomic import read_json, write_json
from engine.storage.versions import POINTER, current_version, new_version

if TYPE_CHECKING:
    from engine.models import ModelSpec
    from engine.workspace.dataset_store import Manifest, Workspace

REPORT = "report.json"
_NO_TIMES = "it has no times"


class ModelStore:
    """The stored models of one data set.

    A model fits the id maps with which it was trained. When the data set is replaced by one with other ids, or in
    which other items occur in the interactions, its older models no longer count as trained.

    Parameters
    ----------
    workspace
        The workspace that holds the data set.
    manifest
        The description of the data set.
    """

    def __init__(self, workspace: Workspace, manifest: Manifest) -> None:
        self._workspace = workspace
        self._overview = manifest.overview
        self._fingerprints = _fingerprints(manifest)
        self._loaded: dict[str, tuple[str, Any]] = {}
        self._reports: dict[str, tuple[tuple[int, int, int], dict[str, Any] | None]] = {}
        self._versions: dict[str, tuple[tuple[int, int, int], Path]] = {}

    def folder(self, name: str) -> Path:
        """The folder of a model, whether it exists or not; it stays the same when the model is trained again."""
        return self._workspace.model_versions(self._overview.name, name)

    def states(self, task: Task | None = None) -> list[ModelState]:
        """The state of each registered model for this data set, in the order of the registry; loads no model."""
        return [self.state(spec) for spec in models.describe().values() if task in (None, spec.task)]

    def state(self, spec: ModelSpec) -> ModelState:
        """The state of one model for this data set."""
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
            uses_texts=spec.uses_texts(report["options"]),
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
            return _NO_TIMES
        return ""

    def require_trainable(self, spec: ModelSpec) -> None:
        """Check that a model can learn from this data set.

        Raises
        ------
        RecsysError
            If it cannot; the sentence says what the data set lacks.
        """
        if obstacle := self.obstacle(spec):
            can_name_times = obstacle == _NO_TIMES and self._overview.kind == "table"
            raise RecsysError(
                f"{spec.name} cannot learn from the data set {self._overview.name!r}: {obstacle}.",
                kind=ErrorKind.NO_TIMES if can_name_times else None,
                name=spec.name,
                dataset=self._overview.name,
            )

    def choose(self, task: Task, name: str | None = None) -> str:
        """The name of the model that answers: the given one, else the first trained one in the order of the registry.

        Raises
        ------
        UnknownError
            If there is no model of this name.
        RecsysError
            If the model is for another task, or no model can learn from this data set.
        NotTrainedError
            If the given model is not trained, or no model is; its ``name`` is a model that can be trained.
        """
        specs = [spec for spec in models.describe().values() if spec.task == task]
        if name is not None:
            spec = models.get(name)
            if spec.task != task:
                others = [other.name for other in specs]
                raise RecsysError(
                    f"{name} answers another kind of question: use {', '.join(others)}.", name=name, choices=others
                )
            if self._report(name) is None:
                raise self._untrained(name, f"{name} is not trained on {self._overview.name!r} yet")
            return name
        trained = next((spec.name for spec in specs if self._report(spec.name) is not None), None)
        if trained is not None:
            return trained
        trainable = next((spec.name for spec in specs if not self.obstacle(spec)), None)
        if trainable is None:
            raise RecsysError(
                f"No model can learn from the data set {self._overview.name!r}: {self.obstacle(specs[0])}.",
                dataset=self._overview.name,
            )
        raise self._untrained(trainable, f"No model that could answer is trained on {self._overview.name!r} yet")

    def store(self, model: Any, report: FitReport) -> None:
        """Store a trained model; it replaces an older one of the same name when it is completely written.

        Raises
        ------
        DataError
            If the model cannot be written, or the data set was removed or replaced by another one while the model was
            trained; the older model is then unchanged.
        """
        stored = {
            "id": uuid4().hex,
            "report": asdict(report),
            "fingerprints": self._fingerprints,
            "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with self._workspace.exclusive():
            self._require_unchanged(report.model)
            with new_version(self.folder(report.model)) as fresh:
                model.save(fresh)
                write_json(fresh / REPORT, stored)

    def _require_unchanged(self, model: str) -> None:
        name = self._overview.name
        what = ""
        if name not in self._workspace:
            what = "was removed"
        elif _fingerprints(self._workspace.manifest(name)) != self._fingerprints:
            what = "was replaced by one with other users or items"
        if what:
            raise DataError(
                f"The data set {name!r} {what} while {model} was trained on it: the model was not stored.",
                name=model,
                dataset=name,
            )

    def load(self, name: str, device: str) -> Any:
        """A trained model; it is read from disk once, and again only after another training.

        Raises
        ------
        NotTrainedError
            If the model no longer exists.
        DataError
            If the model is damaged.
        """
        while True:
            stored = self._report(name)
            if stored is None:
                raise self._untrained(name, f"{name} is not trained on {self._overview.name!r} any more")
            known = self._loaded.get(name)
            if known is not None and known[0] == stored["id"]:
                return known[1]
            folder = self._current(name)
            try:
                self._loaded[name] = stored["id"], models.load(folder, device=device)
            except DataError:
                # If another process trained the model again meanwhile, nothing is damaged.
                if self._current(name) == folder:
                    raise

    def _report(self, name: str) -> dict[str, Any] | None:
        while True:
            try:
                folder = self._current(name)
            except DamagedError:
                return None
            try:
                return self._report_in(folder, name)
            except (OSError, DataError) as error:
                # If another process trained the model again meanwhile, the report is in another folder now.
                if self._current(name) == folder:
                    if isinstance(error, OSError):
                        return None
                    raise

    def _report_in(self, folder: Path, name: str) -> dict[str, Any] | None:
        # Another process may have trained the model again: the file's stamp tells without reading it.
        stamp = _stamp(folder / REPORT)
        known = self._reports.get(name)
        if known is None or known[0] != stamp:
            known = self._reports[name] = stamp, self._read(folder / REPORT)
        return known[1]

    def _current(self, name: str) -> Path:
        """The folder of the current version of a model; the file that names it is read once."""
        folder = self.folder(name)
        try:
            stamp = _stamp(folder / POINTER)
        except OSError:
            return current_version(folder)
        known = self._versions.get(name)
        if known is None or known[0] != stamp:
            known = self._versions[name] = stamp, current_version(folder)
        return known[1]

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            stored = read_json(path)
        except DamagedError:  # a damaged model must be trained again, and must not hide the others
            return None
        fits = isinstance(stored, dict) and stored.get("fingerprints") == self._fingerprints
        return stored if fits else None

    def _untrained(self, name: str, what: str) -> NotTrainedError:
        return NotTrainedError(f"{what}.", kind=ErrorKind.UNTRAINED, name=name, dataset=self._overview.name)


def _stamp(file: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced."""
    about = file.stat()
    return about.st_mtime_ns, about.st_size, about.st_ino


def _fingerprints(manifest: Manifest) -> dict[str, Any]:
    # The size of a model depends on the number of items in the interactions, which the id maps do not determine.
    return {**manifest.fingerprints, "num_rated_items": manifest.overview.num_rated_items}
