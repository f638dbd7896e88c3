"""The models of a data set: training, measuring and tuning them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine import models
from engine.data.results import FitReport, ModelState, Task
from engine.evaluation.config import EvaluationConfig
from engine.runtime.job import Job
from engine.runtime.lazy_import import import_in_background
from engine.runtime.locked_property import locked_property
from engine.session.searching import SearchedDataset
from engine.workspace.model_store import ModelStore

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.evaluation.tuning import Tuned
    from engine.recommender import Recommender


class LearntDataset(SearchedDataset):
    """An open data set that models learn from."""

    def models(self, task: Task | None = None) -> list[ModelState]:
        """The registry as seen from this data set; reads no model and imports no torch."""
        return self._shelf.states(task)

    def train(
        self, model: str, options: Mapping[str, Any] | None = None, job: Job | None = None, seed: int = 42
    ) -> FitReport:
        """Train a model on the whole data set and keep it; see :func:`engine.evaluation.runner.train`.

        A cancelled training keeps nothing, and an older model stays.

        Raises
        ------
        UnknownError
            If there is no such model.
        OptionError
            If an option is unknown or has an impossible value.
        RecsysError
            If the data set lacks what the model needs.
        """
        self._shelf.require_trainable(models.get(model))
        import_in_background("torch")
        from engine.evaluation.runner import train

        data, job = self.dataset, job or Job()
        vectors = self._vectors_for(model, options, job)
        with self._turns.background(job) as turn:
            trained, report = train(
                data, model, options=options, seed=seed, device=self.device, job=turn, item_vectors=vectors
            )
            report = replace(report, path=str(self._shelf.folder(model)))
            self._shelf.store(trained, report)
        return report

    def evaluate(
        self,
        model: str,
        config: EvaluationConfig | None = None,
        job: Job | None = None,
    ) -> FitReport:
        """Train a model on a part of the data set and measure it on the rest.

        See :func:`engine.evaluation.runner.evaluate`.

        Parameters
        ----------
        model, config, job
            As of that function.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`train`, and if the protocol does not suit the model.
        """
        self._shelf.require_trainable(models.get(model))
        import_in_background("torch")
        from engine.evaluation.runner import evaluate

        data, job = self.dataset, job or Job()
        config = replace(config or EvaluationConfig(), device=self.device)
        vectors = self._vectors_for(model, config.options, job)
        with self._turns.background(job) as turn:
            return evaluate(data, model, config, job=turn, item_vectors=vectors)

    def tune(
        self,
        model: str,
        trials: int,
        config: EvaluationConfig | None = None,
        job: Job | None = None,
        *,
        timeout: float | None = None,
        metric: str | None = None,
    ) -> Tuned:
        """Look for good options of a model; the search is kept with the data set.

        See :func:`engine.evaluation.tuning.tune`.

        Parameters
        ----------
        model, trials, config, job, timeout, metric
            As of that function.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`evaluate`, and if Optuna is not installed.
        """
        self._shelf.require_trainable(models.get(model))
        import_in_background("torch")
        from engine.evaluation.tuning import tune

        data, folder, job = self.dataset, self.workspace.dataset_folder(self.name) / "tuning", job or Job()
        config = replace(config or EvaluationConfig(), device=self.device)
        vectors = self._vectors_for(model, config.options, job)
        with self._turns.background(job) as turn:
            return tune(
                data, model, trials, folder, config, timeout=timeout, metric=metric, job=turn, item_vectors=vectors
            )

    def _vectors_for(self, model: str, options: Mapping[str, Any] | None, job: Job) -> npt.NDArray[np.float32] | None:
        """The vectors of all items' texts, embedded now where they are not yet; None for a model that takes none."""
        spec = models.get(model)
        if "texts" not in spec.uses or not spec.read_options(options or {}).get("texts", True):
            return None
        self.embed(job)
        return self._search.semantic.item_vectors(self.dataset.num_items + 1)

    @locked_property
    def _shelf(self) -> ModelStore:
        return ModelStore(self.workspace, self.manifest)

    def _recommender(self, name: str) -> Recommender:
        """A recommender over a trained model. Within a turn: loading one computes."""
        import_in_background("torch")
        from engine.recommender import Recommender

        rates = "ratings" in models.get(name).needs
        return Recommender(
            self.dataset,
            self._shelf.load(name, self.device),
            user_index=self.user_index,
            rating_range=self.overview().rating_range if rates else None,
        )
