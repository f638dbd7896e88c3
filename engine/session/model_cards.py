"""The models as a person sees them before training: needs, options with defaults for this data, memory and time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from engine import models
from engine.data.model_cards import ModelCard, OptionCard
from engine.errors import RecsysError
from engine.models import Range
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset
from engine.workspace.run_store import RunStore

#: Options that every model has and that a form does not ask for: the device is that of the session.
_NOT_ASKED = ("device",)


class ModelCardService:
    """What is known of each model before it is trained on a data set.

    Parameters
    ----------
    opened
        The data set.
    models
        Their states and estimates.
    """

    def __init__(self, opened: OpenDataset, models: ModelService) -> None:
        self._opened = opened
        self._models = models

    def list(self, *, memory: bool = True) -> list[ModelCard]:
        """All models in the order of the registry.

        Parameters
        ----------
        memory
            Whether to estimate the memory of each training, for which torch and the data set are loaded.
        """
        states = {state.name: state for state in self._models.states()}
        overview, seconds = self._opened.manifest.overview, self._last_seconds()
        cards = []
        for name, spec in models.describe().items():
            defaults = spec.defaults_for(overview.num_interactions, overview.num_rated_items)
            needed = free = None
            if memory and not states[name].obstacle:
                with suppress(RecsysError, MemoryError):  # what is wrong is said when the model is trained
                    estimate = self._models.estimate_memory(name)
                    needed, free = estimate.needed, estimate.free
            options = tuple(
                OptionCard(option, defaults[option], one.meaning, one.choices, _bounds(one.search))
                for option, one in spec.options.items()
                if option not in _NOT_ASKED
            )
            kept = self._models.unfinished(name)
            cards.append(ModelCard(states[name], spec.needs, spec.uses, options, needed, free, seconds.get(name), kept))
        return cards

    def read(self, model: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Check options that a person typed, and convert them; an empty text stands for the default.

        Raises
        ------
        UnknownError, OptionError
            If there is no such model or option, or a value is impossible.
        """
        spec = models.get(model)
        given = {name: text for name, text in values.items() if text.strip()}
        known = spec.read_options(given)
        return {name: known[name] for name in given}

    def _last_seconds(self) -> dict[str, float]:
        runs = RunStore(self._opened.workspace, self._opened.name).list().runs
        return {
            run.model: run.seconds["fit"]
            for run in runs
            if run.kind == "train" and run.state == "finished" and "fit" in run.seconds
        }


def _bounds(search: Range | tuple[Any, ...] | None) -> str:
    if isinstance(search, Range):
        return f"{search.low:g} to {search.high:g}"
    return "" if search is None else ", ".join(str(value) for value in search)
