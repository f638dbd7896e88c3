"""Trainings that were interrupted: each model as it was then, with what it takes to go on to the same result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import models
from engine.data.model_cards import Unfinished
from engine.errors import DataError, MissingError
from engine.storage.atomic import cannot_write, make_folder
from engine.storage.guarded import damaged
from engine.storage.model_header import HEADER, read_header, tensors_file
from engine.storage.schema import SchemaError, convert
from engine.storage.versions import delete
from engine.workspace.layout import TRAINING
from engine.workspace.stored_model import require_recorded

if TYPE_CHECKING:
    from engine.models.estimator import Estimator
    from engine.workspace.dataset_store import Workspace


@dataclass(frozen=True, slots=True)
class Request:
    """What was to be trained.

    Attributes
    ----------
    options, seed, validate
        The arguments of the training.
    data
        The hash of the data set's tables.
    """

    options: Mapping[str, Any]
    seed: int
    validate: bool
    data: str


@dataclass(frozen=True, slots=True)
class _Stored:
    request: Request
    epoch: int
    until: int
    saved: str


class CheckpointStore:
    """The interrupted trainings on one data set, at most one of each model.

    Parameters
    ----------
    workspace
        The workspace that holds the data set.
    dataset
        The name of the data set.
    """

    def __init__(self, workspace: Workspace, dataset: str) -> None:
        self._workspace, self._dataset = workspace, dataset

    def folder(self, model: str) -> Path:
        """The folder of a model's interrupted training, whether there is one or not."""
        return self._workspace.dataset_folder(self._dataset) / TRAINING / model

    def find(self, model: str, data: str) -> Unfinished | None:
        """The interrupted training of a model; reads no weights.

        Parameters
        ----------
        model
            The name of the model.
        data
            The hash of the data set's tables; a training on other tables cannot go on, and counts as none.

        Returns
        -------
        Unfinished or None
            None if there is none. A damaged one says so in ``damage``.
        """
        try:
            stored = _read(self.folder(model))
        except MissingError:
            return None
        except DataError as error:
            return Unfinished(0, 0, "", {}, damage=str(error))
        if stored.request.data != data:
            return None
        request = stored.request
        return Unfinished(stored.epoch, stored.until, stored.saved, request.options, request.seed, request.validate)

    def save(self, model: Estimator, request: Request) -> None:
        """Keep a model whose training is under way or was interrupted, in place of an earlier one.

        Raises
        ------
        DataError
            If it cannot be written, or the data set was removed.
        """
        run = model.unfinished
        if run is None:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        stored = _Stored(request, *run, now)
        with self._workspace.exclusive(f"keeping the training of {model.name} on {self._dataset}"):
            if self._dataset not in self._workspace:
                raise DataError(f"The data set {self._dataset!r} was removed, so no training on it is kept.")
            try:
                make_folder(self.folder(model.name).parent)
            except OSError as error:
                raise cannot_write(self.folder(model.name), error) from error
            model.save(self.folder(model.name), {"unfinished": asdict(stored)}, training_state=True)

    def load(self, model: str, device: str) -> Any:
        """The model of an interrupted training; its ``fit`` goes on.

        Raises
        ------
        DataError
            If it is damaged, or there is none.
        """
        loaded: Any = models.load(self.folder(model), device=device)
        loaded.metadata = {}
        return loaded

    def delete(self, model: str) -> None:
        """Forget the interrupted training of a model, if there is one."""
        if (folder := self.folder(model)).exists():
            delete(folder)


def describe_checkpoint(folder: Path) -> str:
    """Compare an interrupted training with its checksums; returns how far it came.

    Raises
    ------
    MissingError
        If there is none.
    DamagedError
        If it is not what was stored.
    DataError
        If it cannot be read.
    """
    stored = _read(folder)
    header = read_header(folder)
    require_recorded(tensors_file(folder, header), header["tensors_sha256"])
    return f"after epoch {stored.epoch} of {stored.until}"


def _read(folder: Path) -> _Stored:
    if not (folder / HEADER).exists():
        raise MissingError(f"{folder} does not exist.", file=str(folder))
    metadata = read_header(folder).get("metadata")
    try:
        return convert(metadata.get("unfinished") if isinstance(metadata, dict) else None, _Stored)
    except SchemaError as error:
        raise damaged(folder / HEADER, str(error)) from error
