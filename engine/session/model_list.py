"""The models of the registry, with the data sets that each is trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine import models
from engine.errors import RecsysError
from engine.workspace.model_store import ModelStore

if TYPE_CHECKING:
    from engine.models.spec import ModelSpec
    from engine.workspace.dataset_store import Workspace


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of the registry, as a list of models shows it.

    Attributes
    ----------
    spec
        Its entry in the registry.
    trained_on
        The names of the data sets that it is trained on.
    defaults
        The defaults of its options.
    damaged
        Data set -> a sentence that says what is wrong with the model that is stored for it.
    """

    spec: ModelSpec
    trained_on: Sequence[str]
    defaults: Mapping[str, Any]
    damaged: Mapping[str, str] = field(default_factory=dict)


def list_models(
    workspace: Workspace, dataset: str | None = None, warn: Callable[[RecsysError], None] = lambda _: None
) -> list[ListedModel]:
    """All models of the registry.

    Parameters
    ----------
    workspace
        Where the data sets are stored.
    dataset
        Look at this data set only, and give the defaults for its size.
    warn
        Called with the error of each data set that is damaged and so left out, if ``dataset`` is None.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    """
    specs = models.describe()
    trained_on: dict[str, list[str]] = {name: [] for name in specs}
    damaged: dict[str, dict[str, str]] = {name: {} for name in specs}
    for name in [dataset] if dataset else workspace.names():
        try:
            states = ModelStore(workspace, workspace.manifest(name)).states()
        except RecsysError as error:
            if dataset:
                raise
            warn(error)  # one damaged set must not hide the others
            continue
        for state in states:
            if state.trained:
                trained_on[state.name].append(name)
            elif state.damage:
                damaged[state.name][name] = state.damage
    size = (0, 0)
    if dataset:
        overview = workspace.manifest(dataset).overview
        size = overview.num_interactions, overview.num_rated_items
    return [
        ListedModel(spec, trained_on[name], spec.defaults_for(*size), damaged[name]) for name, spec in specs.items()
    ]
