"""The trained models of one data set: which exist, which can be trained, and which one answers a request."""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
from collections.abc import Hashable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine import models
from engine.data.results import FitReport, ModelState, Task
from engine.errors import DamagedError, DamagedModelError, DataError, ErrorKind, NotTrainedError, RecsysError
from engine.runtime.memory import failed_allocations, require_free
from engine.storage.atomic import write_json
from engine.storage.versions import POINTER, new_version
from engine.workspace.default_models import read_defaults, write_default
from engine.workspace.layout import DEFAULTS, LOCKS
from engine.workspace.stored_model import (
    LISTED_BYTES,
    REPORT,
    StoredReport,
    model_folder,
    pack_report,
    read_report,
    require_whole,
)

if TYPE_CHECKING:
    from engine.data.updates import DatasetUpdate
    from engine.models import ModelSpec
    from engine.workspace.dataset_store import Workspace
    from engine.workspace.manifest import Manifest

_NO_TIMES = "it has no times"
logger = logging.getLogger(__name__)


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
        self._updates = manifest.updates
        self._loaded: dict[str, tuple[str, Any]] = {}
        self._reports: dict[str, tuple[Hashable, StoredReport | DataError | None]] = {}
        self._folders: dict[str, tuple[Hashable, Path]] = {}
        self._pointers: dict[str, str] = {}
        self._files: dict[str, tuple[Hashable, list[str]]] = {}
        self._defaults: tuple[Hashable, dict[str, str]] | None = None

    def folder(self, name: str) -> Path:
        """The folder of a model, whether it exists or not; it stays the same when the model is trained again."""
        return self._workspace.model_versions(self._overview.name, name)

    def lock_file(self, name: str) -> Path:
        """The lock of a model's training. It lies beside the data sets, so that it outlives a removed one."""
        return self._workspace.folder / LOCKS / self._overview.name / f"{name}.lock"

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return self._overview.name

    def version(self, name: str) -> str | None:
        """What changes whenever a model is stored anew; None if it is not trained, or damaged."""
        stored = self._look(name)
        return stored.id if isinstance(stored, StoredReport) else None

    def checksum(self, name: str) -> str | None:
        """A checksum over the files of a model; None if it is not trained, or damaged.

        Two models that may answer differently have different checksums. Earlier versions of the program recorded none
        of the files; the id of the training stands for it then.
        """
        stored = self._look(name)
        if not isinstance(stored, StoredReport):
            return None
        if not stored.files:
            return stored.id
        records = sorted((file, record.sha256) for file, record in stored.files.items())
        return hashlib.sha256(repr(records).encode()).hexdigest()

    def trained_at(self, name: str) -> str | None:
        """When a model was trained, in ISO 8601; None if it is not trained, or damaged."""
        stored = self._look(name)
        return stored.trained_at if isinstance(stored, StoredReport) else None

    def report(self, name: str) -> FitReport | None:
        """The report of a model's training; None if it is not trained, or damaged."""
        stored = self._look(name)
        return stored.report if isinstance(stored, StoredReport) else None

    def states(self, task: Task | None = None) -> list[ModelState]:
        """The state of each registered model for this data set, in the order of the registry; loads no model."""
        return [self.state(spec) for spec in models.describe().values() if task in (None, spec.task)]

    def state(self, spec: ModelSpec) -> ModelState:
        """The state of one model for this data set."""
        default = self.default(spec.task) == spec.name
        state = ModelState(spec.name, spec.task, spec.description, obstacle=self.obstacle(spec), default=default)
        try:
            stored = self._stored(spec.name)
        except DataError as error:  # a damaged model must be trained again, and must not hide the others
            return replace(state, damage=str(error))
        if stored is None:
            return state
        report = stored.report
        return replace(
            state,
            trained=True,
            trained_at=stored.trained_at,
            before_update=stored.updates < len(self._updates),
            options=report.options,
            uses_texts=spec.uses_texts(report.options),
            metrics=report.metrics,
            seconds=report.seconds.get("fit"),
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
        """The name of the model that answers: the given one, else the default, else the best trained one.

        The default is the one that a person chose. The best is the first in the order of the registry.

        Raises
        ------
        UnknownError
            If there is no model of this name.
        RecsysError
            If the model is for another task, or no model can learn from this data set.
        DamagedModelError
            If the given model is damaged, or no model but damaged ones is trained.
        NotTrainedError
            If the given model is not trained, or no model is; its ``name`` is a model that can be trained.
        """
        specs = self._specs(task)
        if name is not None:
            spec = models.get(name)
            if spec.task != task:
                others = [other.name for other in specs]
                raise RecsysError(
                    f"{name} answers another kind of question: use {', '.join(others)}.", name=name, choices=others
                )
            found = self._look(name)
            if isinstance(found, DataError):
                raise self._damaged(name, str(found))
            if found is None:
                raise self._untrained(name, f"{name} is not trained on {self._overview.name!r} yet")
            return name
        trained = next((spec.name for spec in specs if isinstance(self._look(spec.name), StoredReport)), None)
        if trained is not None:
            return trained
        trainable = next((spec.name for spec in specs if not self.obstacle(spec)), None)
        if trainable is None:
            raise RecsysError(
                f"No model can learn from the data set {self._overview.name!r}: {self.obstacle(specs[0])}.",
                dataset=self._overview.name,
            )
        for spec in specs:
            if isinstance(found := self._look(spec.name), DataError):
                raise self._damaged(spec.name, str(found))
        raise self._untrained(trainable, f"No model that could answer is trained on {self._overview.name!r} yet")

    def _specs(self, task: Task) -> list[ModelSpec]:
        """The models for a task in the order in which they answer: the default first, then as in the registry."""
        default = self.default(task)
        specs = [spec for spec in models.describe().values() if spec.task == task]
        return sorted(specs, key=lambda spec: spec.name != default)

    def default(self, task: Task) -> str | None:
        """The model that a person chose for a task; None if the best trained one answers."""
        folder = self._workspace.dataset_folder(self._overview.name)
        stamp = _stamp(f"{folder}{os.sep}{DEFAULTS}")
        if self._defaults is None or self._defaults[0] != stamp:
            self._defaults = stamp, read_defaults(folder) if stamp is not None else {}
        return self._defaults[1].get(task)

    def set_default(self, task: Task, model: str | None) -> None:
        """Choose the model that answers for a task when none is asked for; None for the best trained one.

        Raises
        ------
        UnknownError, RecsysError, DamagedModelError, NotTrainedError
            If the model is unknown, for another task, damaged or not trained.
        DataError
            If the choice cannot be written.
        """
        if model is not None:
            self.choose(task, model)
        with self._workspace.exclusive(f"choosing a model for {self._overview.name}"):
            self._workspace.manifest(self._overview.name)  # it may have been removed meanwhile
            write_default(self._workspace.dataset_folder(self._overview.name), task, model)

    def damaged_before(self, name: str) -> list[str]:
        """The models that would answer in place of the model ``name`` if they were not damaged, best first."""
        better = itertools.takewhile(lambda spec: spec.name != name, self._specs(models.get(name).task))
        return [spec.name for spec in better if isinstance(self._look(spec.name), DataError)]

    def store(self, model: Any, report: FitReport) -> None:
        """Store a trained model; it replaces an older one of the same name when it is completely written.

        Raises
        ------
        DataError
            If the model cannot be written, or the data set was removed or replaced by another one while the model was
            trained; the older model is then unchanged.
        """
        trained_at = datetime.now(UTC).isoformat(timespec="seconds")
        stored = StoredReport(uuid4().hex, report, self._fingerprints, trained_at, updates=len(self._updates))
        with self._workspace.exclusive():
            self._require_unchanged(report.model)
            with new_version(self.folder(report.model)) as fresh:
                model.save(fresh)
                write_json(fresh / REPORT, pack_report(fresh, stored))

    def before_update(self, name: str) -> DatasetUpdate | None:
        """The first update of the data set that a trained model knows nothing of; None if it knows all."""
        stored = self._look(name)
        if not isinstance(stored, StoredReport) or stored.updates >= len(self._updates):
            return None
        return self._updates[stored.updates]

    def knows_updates(self, name: str) -> int:
        """The number of updates that a trained model was trained after."""
        stored = self._look(name)
        return stored.updates if isinstance(stored, StoredReport) else 0

    def _serves(self, stored: StoredReport) -> bool:
        """Whether users and items mean the same to a model as to the data set."""
        if stored.updates < len(self._updates):
            before = self._updates[stored.updates]
            uses_texts = models.get(stored.report.model).uses_texts(stored.report.options)
            # A model of texts numbers all items, and an update moves those without interactions.
            return not uses_texts and stored.fingerprints == {
                "users": before.users,
                "items": before.items,
                "num_rated_items": before.num_rated_items,
            }
        return stored.fingerprints == self._fingerprints

    def _is_later(self, manifest: Manifest) -> bool:
        """Whether the data set is still the one of this store, or an update of it."""
        known = len(self._updates)
        if _fingerprints(manifest) == self._fingerprints:
            return True
        if len(manifest.updates) <= known or manifest.updates[:known] != self._updates:
            return False
        before = manifest.updates[known]
        return (before.users, before.items) == (self._fingerprints["users"], self._fingerprints["items"])

    def _require_unchanged(self, model: str) -> None:
        name = self._overview.name
        what = ""
        if name not in self._workspace:
            what = "was removed"
        elif not self._is_later(self._workspace.manifest(name)):
            what = "was replaced by one with other users or items"
        if what:
            raise DataError(
                f"The data set {name!r} {what} while {model} was trained on it: the model was not stored.",
                name=model,
                dataset=name,
            )

    def load(self, name: str, device: str, *, brief: bool = False) -> Any:
        """A trained model; it is read from disk once, and again only after another training.

        Parameters
        ----------
        name, device
            The model, and where it computes.
        brief
            Whether few answers are asked of it: where NumPy can give them on the CPU, torch is not imported for them.

        Raises
        ------
        NotTrainedError
            If the model no longer exists.
        DamagedModelError
            If the model is damaged; it counts as untrained from then on.
        """
        while True:
            before = self._version(name)
            try:
                stored = self._stored(name)
                if stored is None:
                    raise self._untrained(name, f"{name} is not trained on {self._overview.name!r} any more")
                known = self._loaded.get(name)
                if known is None or known[0] != stored.id:
                    known = self._loaded[name] = stored.id, self._read(name, stored, device, brief)
                return known[1]
            except DataError as error:
                # If another process trained the model again meanwhile, nothing is damaged.
                if self._version(name) == before:
                    self._reports[name] = before, error
                    raise self._damaged(name, str(error)) from error

    def _read(self, name: str, stored: StoredReport, device: str, brief: bool) -> Any:
        """Read a model, and compare its sizes with those of the data set."""
        folder = self._current(name)
        size = sum(file.bytes for file in (stored.files or {}).values())
        require_free(
            2 * size, f"Loading the model {name} of {self._overview.name!r}"
        )  # the file, and what is made of it
        require_whole(folder, stored)
        found = models.load_numpy(folder) if brief and device in ("auto", "cpu") else None
        model = self._load_on(device, folder) if found is None else found
        # Both with the padding; a model that uses texts also has the items that nobody has rated. The attribute of a
        # model of another package may mean something else, and is not one of the wrapper that is compared here.
        older = self._updates[stored.updates].num_rated_items if stored.updates < len(self._updates) else None
        items = (self._overview.num_rated_items, self._overview.num_items) if older is None else (older,)
        sizes = {None, *(number + 1 for number in items)}
        if not {vars(model).get(name) for name in ("num_items", "_num_items")} <= sizes:
            raise DamagedError(f"{folder}: is damaged, since its model is of another data set.", file=str(folder))
        return model

    @staticmethod
    def _load_on(device: str, folder: Path) -> Any:
        """Load a model to a device, or to the CPU if the device has too little memory."""
        try:
            with failed_allocations():
                return models.load(folder, device=device)
        except MemoryError:
            if device == "cpu":
                raise
        logger.warning("%s: %s has no room for the model, so the CPU answers", folder, device)
        return models.load(folder, device="cpu")

    def _stored(self, name: str) -> StoredReport | None:
        """The report of a model that fits this data set.

        Raises
        ------
        DataError
            If the model is damaged.
        """
        found = self._look(name)
        if isinstance(found, DataError):
            raise found
        return found

    def _look(self, name: str) -> StoredReport | DataError | None:
        """The report of a model that fits this data set, or what is wrong; read again only if a file has changed."""
        while True:
            version = self._version(name)
            known = self._reports.get(name)
            if known is not None and known[0] == version:
                return known[1]
            found = self._examine(name)
            if self._version(name) == version:  # otherwise another process trained the model again meanwhile
                self._reports[name] = version, found
                if isinstance(found, DataError):
                    logger.warning("The model %s of %s is damaged: %s", name, self._overview.name, found)

    def _examine(self, name: str) -> StoredReport | DataError | None:
        try:
            folder = self._current(name)
            stored = read_report(folder, name)
            if stored is None or not self._serves(stored):
                return None
            require_whole(folder, stored, largest=LISTED_BYTES)
        except DataError as error:
            return error
        return stored

    def _current(self, name: str) -> Path:
        """The folder of the current version of a model; the file that names it is read once."""
        pointer = self._pointers.get(name)
        if pointer is None:
            pointer = self._pointers[name] = str(self.folder(name) / POINTER)
        stamp = _stamp(pointer)
        known = self._folders.get(name)
        if stamp is None or known is None or known[0] != stamp:
            known = self._folders[name] = stamp, model_folder(self.folder(name))
        return known[1]

    def _version(self, name: str) -> Hashable:
        """What changes whenever the files of a model change; another process may have trained it again."""
        try:
            folder = self._current(name)
        except DataError as error:
            return str(error)
        return folder, *(_stamp(file) for file in self._files_of(name, str(folder)))

    def _files_of(self, name: str, folder: str) -> list[str]:
        """The folder of a model and the files in it, which the model names itself; listed when one has come or gone."""
        stamp = folder, _stamp(folder)
        known = self._files.get(name)
        if known is None or known[0] != stamp:
            inside = [f"{place}{os.sep}{file}" for place, _, files in os.walk(folder) for file in sorted(files)]
            known = self._files[name] = stamp, [folder, *inside]
        return known[1]

    def _damaged(self, name: str, why: str) -> DamagedModelError:
        return DamagedModelError(
            f"The model {name} of {self._overview.name!r} is damaged ({why.rstrip('.')}).",
            kind=ErrorKind.DAMAGED_MODEL,
            name=name,
            dataset=self._overview.name,
        )

    def _untrained(self, name: str, what: str) -> NotTrainedError:
        return NotTrainedError(f"{what}.", kind=ErrorKind.UNTRAINED, name=name, dataset=self._overview.name)


def _fingerprints(manifest: Manifest) -> dict[str, Any]:
    # The size of a model depends on the number of items in the interactions, which the id maps do not determine.
    return {**manifest.fingerprints, "num_rated_items": manifest.overview.num_rated_items}


def _stamp(file: str) -> Hashable:
    """What changes when a file is replaced; None if there is no file. Every answer asks, so no path is taken apart."""
    try:
        about = os.stat(file)
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
