"""The model service: which models are trained, training them, measuring them, tuning them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine import models
from engine.data.model_cards import Unfinished
from engine.data.results import FitReport, ModelState, Task
from engine.errors import (
    DamagedModelError,
    ErrorKind,
    LearningError,
    NotTrainedError,
    OptionError,
    RecsysError,
    UnsupportedError,
)
from engine.evaluation.config import EvaluationConfig
from engine.models.registry import require_distributed
from engine.runtime.executor import LOCAL
from engine.runtime.job import Job, Progress
from engine.runtime.lazy_import import import_in_background
from engine.runtime.locked_property import locked_property
from engine.session.earlier_models import EarlierModels
from engine.session.open_dataset import OpenDataset
from engine.session.recording import RunRecorder, evaluation_settings, recorded_options
from engine.session.search import SearchService
from engine.workspace.checkpoints import CheckpointStore, Request
from engine.workspace.model_store import ModelStore
from engine.workspace.training_lock import training

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.evaluation.tuning import Tuned
    from engine.models.memory import MemoryEstimate
    from engine.models.spec import ModelSpec
    from engine.recommender import Recommender


#: What a model with a capability can do, in words.
_ABILITIES = {
    "similar": "compare items",
    "factorizes": "give vectors of users and items",
    "folds_in": "answer for a history that it was not trained on",
}


class ModelService:
    """The models of one data set.

    Parameters
    ----------
    opened
        The data set.
    search
        Where the vectors of the items' texts come from, for models that use them.
    """

    def __init__(self, opened: OpenDataset, search: SearchService) -> None:
        self._opened = opened
        self._search = search
        self._recommenders: dict[str, Recommender] = {}
        self._recorder = RunRecorder(opened)
        self._checkpoints = CheckpointStore(opened.workspace, opened.name)

    @locked_property
    def _store(self) -> ModelStore:
        return ModelStore(self._opened.workspace, self._opened.manifest)

    @locked_property
    def earlier(self) -> EarlierModels:
        """The models that were trained before the last update of the data set."""
        return EarlierModels(self._store)

    def states(self, task: Task | None = None) -> list[ModelState]:
        """The registry as seen from this data set; reads no model and imports no torch."""
        return self._store.states(task)

    def choose(self, task: Task, name: str | None = None) -> str:
        """The model that answers: the given one, the data set's default, the settings', or the best trained one.

        See :meth:`engine.workspace.model_store.ModelStore.choose`.
        """
        return self._store.choose(task, name or self._preferred(task))

    def _preferred(self, task: Task) -> str | None:
        if self._store.default(task) is not None:
            return None  # chosen for this data set, which says more than the settings
        settings = self._opened.settings
        wanted = settings.user_model if task == "user" else settings.sequence_model
        return wanted if any(one.trained and one.name == wanted for one in self._store.states(task)) else None

    @contextmanager
    def turn(self, task: Task, name: str | None = None) -> Iterator[None]:
        """The device, once it is free. That no model can answer is said without waiting for it.

        Parameters
        ----------
        task, name
            As of :meth:`choose`.

        Raises
        ------
        UnknownError, RecsysError, DamagedModelError, NotTrainedError
            As :meth:`choose`.
        """
        if self._opened.queue.taken:
            self.choose(task, name)
        with self._opened.queue.turn():
            yield

    def answering(self, task: Task, name: str | None = None, user: int | None = None) -> tuple[str, Recommender, str]:
        """The model that answers, its recommender, and what is to be said of it; see :meth:`note_on`.

        Only for whoever holds the device: loading a model computes.

        Parameters
        ----------
        task, name
            As of :meth:`choose`.
        user
            The internal id of the user for whom it answers; None for none.

        Raises
        ------
        DamagedModelError
            If the given model is damaged, or all trained ones are.
        UnknownError, RecsysError, NotTrainedError
            As :meth:`choose`.
        """
        return self._undamaged(lambda: self.choose(task, name), name, user)

    def _undamaged(
        self, choose: Callable[[], str], name: str | None, user: int | None = None
    ) -> tuple[str, Recommender, str]:
        while True:
            chosen = choose()
            try:
                recommender = self.recommender(chosen)
            except DamagedModelError:
                if name is not None:
                    raise
                continue  # it counts as untrained now, and so the next one is chosen
            return chosen, recommender, self.note_on(chosen, recommender, named=name is not None, user=user)

    def note_on(self, chosen: str, recommender: Recommender, *, named: bool, user: int | None = None) -> str:
        """What is to be said of a model that answers: damaged ones before it, and that it is from before an update.

        Parameters
        ----------
        chosen, recommender
            The model.
        named
            Whether somebody asked for it by its name, so that it stands in no other's place.
        user
            The internal id of the user for whom it answers; None for none.
        """
        damage = "" if named else self.damage_note(chosen)
        return "; ".join(filter(None, [damage, self.earlier.note(chosen, recommender, user)]))

    def identified(self, choose: Callable[[], str], *, brief: bool = False) -> tuple[str, Recommender, str]:
        """The model that answers, its recommender, and a checksum of the model, whatever is trained meanwhile.

        Only for whoever holds the device: loading a model computes.

        Parameters
        ----------
        choose
            Chooses the model; called again if the model turns out to be damaged, which then counts as untrained.
        brief
            Whether so little is asked of it that a session of few answers does without torch.
        """
        while True:
            chosen = choose()
            before = self._store.checksum(chosen)
            with suppress(DamagedModelError):
                recommender = self.recommender(chosen, brief=brief)
                if before is not None and self._store.checksum(chosen) == before:
                    return chosen, recommender, before

    def damage_note(self, chosen: str) -> str:
        """A note on the damaged models in whose place a model answers; empty if there are none."""
        spoilt = self._store.damaged_before(chosen)
        return f"damaged, to be trained again: {', '.join(spoilt)}" if spoilt else ""

    def choose_for(self, capability: str, name: str | None = None) -> str:
        """The given model, else the best trained one that has a capability.

        Parameters
        ----------
        capability
            ``"similar"``, ``"factorizes"`` or ``"folds_in"``; see :class:`engine.models.contract.Capabilities`.
        name
            The model. With some options it may lack the capability, which is checked when it is asked.

        Raises
        ------
        UnsupportedError
            If the given model cannot do it with any options.
        UnknownError, DamagedModelError, NotTrainedError
            As :meth:`choose`.
        """
        able = _capable_of(capability)
        if name is not None:
            if models.get(name) not in able:
                names = [spec.name for spec in able]
                raise UnsupportedError(
                    f"The model {name} cannot {_ABILITIES[capability]}; {_listed(names)} can.", name=name, choices=names
                )
            return self.choose(models.get(name).task, name)
        able.sort(key=lambda spec: spec.name != self._store.default(spec.task))
        trained = next((spec.name for spec in able if self._store.state(spec).trained), None)
        if trained is not None:
            return trained
        trainable = [spec.name for spec in able if not self._store.obstacle(spec)]
        if not trainable:
            return self.choose("user")  # which says what the data set lacks
        name = self._opened.name
        raise NotTrainedError(
            f"No model that can {_ABILITIES[capability]} is trained on {name!r} yet; {_listed(trainable)} can.",
            kind=ErrorKind.UNTRAINED,
            name=trainable[0],
            dataset=self._opened.name,
            choices=trainable,
        )

    def able(self, capability: str) -> list[str]:
        """The trained models that have a capability; see :meth:`choose_for`."""
        return [spec.name for spec in _capable_of(capability) if self._store.state(spec).trained]

    def folding_in(self, name: str | None = None, *, rated: bool = True) -> tuple[str, Recommender, str]:
        """The model that answers for a history that it was not trained on, its recommender, and a note.

        Only for whoever holds the device: loading a model computes.

        Parameters
        ----------
        name
            The model; None for the best trained one that can.
        rated
            Whether the history has ratings. Otherwise a model that predicts ratings can learn nothing from it.

        Raises
        ------
        UnsupportedError
            If the given model cannot, or learns from ratings alone and there are none.
        UnknownError, DamagedModelError, NotTrainedError
            As :meth:`choose`.
        """
        return self._undamaged(lambda: self._choose_to_fold_in(name, rated), name)

    def _choose_to_fold_in(self, name: str | None, rated: bool) -> str:
        chosen = self.choose_for("folds_in", name)
        if rated or not models.get(chosen).capabilities.predicts_ratings:
            return chosen
        able = [
            spec
            for spec in models.describe().values()
            if spec.capabilities.folds_in and not spec.capabilities.predicts_ratings
        ]
        trained = next((spec.name for spec in able if self._store.state(spec).trained), None)
        if name is None and trained is not None:
            return trained
        names = [spec.name for spec in able]
        raise UnsupportedError(
            f"The model {chosen} learns from ratings, and the history has none; {_listed(names)} can learn from what "
            "was seen.",
            name=chosen,
            choices=names,
        )

    def reports(self, name: str | None = None) -> list[tuple[FitReport, str | None]]:
        """The stored reports of the trained models, or of one, each with the time of the training.

        Raises
        ------
        UnknownError, DamagedModelError, NotTrainedError
            If the given model is unknown, damaged or not trained, or no model is trained.
        """
        if name is not None:
            names = [self.choose(models.get(name).task, name)]
        else:
            names = [state.name for state in self.states() if state.trained]
        found = [(report, self._store.trained_at(one)) for one in names if (report := self._store.report(one))]
        if not found:
            self.choose("user")  # which says that no model is trained
        return found

    def recommender(self, name: str, *, brief: bool = True) -> Recommender:
        """The recommender over a trained model, which lives as long as the model is loaded.

        Only for whoever holds the device: loading a model computes.

        Parameters
        ----------
        name
            The model.
        brief
            Whether so little is asked of it that a session of few answers does without torch.
        """
        brief = brief and self._opened.brief
        if not brief:
            import_in_background("torch")
        from engine.recommender import Recommender

        model = self._store.load(name, self._opened.device, brief=brief)
        known = self._recommenders.get(name)
        if known is None or known.model is not model:
            rates = models.get(name).capabilities.predicts_ratings
            known = self._recommenders[name] = Recommender(
                self._opened.dataset,
                model,
                user_index=self._opened.user_index,
                rating_range=self._opened.manifest.overview.rating_range if rates else None,
                stats=self._opened.stats,
                known=self.earlier.known(name),
            )
        return known

    def train(
        self,
        model: str,
        options: Mapping[str, Any] | None = None,
        job: Job | None = None,
        seed: int = 42,
        *,
        validate: bool = False,
        resume: bool = False,
        fresh: bool = False,
    ) -> FitReport:
        """Train a model on the whole data set and keep it; see :func:`engine.evaluation.runner.train`.

        A training that is cancelled stores no model, and an older one stays. One that goes by epochs is kept as it was
        (see :meth:`unfinished`), also now and then while it is under way. If another process trains the same model with
        the same options, it is waited for, and its result is taken over.

        Parameters
        ----------
        model, options, job, seed
            What is trained.
        validate
            Whether to hold out a few interactions, for a figure after each epoch.
        resume
            Whether to go on with the training that was interrupted, with its options and its seed, to the same model as
            without the interruption.
        fresh
            Whether to begin anew also where a model of before the last update of the data set could be trained on.

        Raises
        ------
        UnknownError
            If there is no such model.
        OptionError
            If an option is unknown or has an impossible value, or options are given for a training that goes on.
        BusyError
            If another process trains the same model with other options.
        UnsupportedError
            If it is to be trained on a cluster, and cannot be.
        RecsysError
            If the data set lacks what the model needs, there is no training to go on with, or the cluster cannot be
            reached.
        """
        spec = models.get(model)
        self._store.require_trainable(spec)
        if self._opened.on != LOCAL:
            require_distributed(spec)
        job = job or Job()
        if resume:
            found = self._require_unfinished(model, options)
            options, seed, validate = found.options, found.seed, found.validate
        asked = spec.read_options(options or {})
        with training(self._store, model, asked, seed, job, validate=validate, fresh=fresh) as taken_over:
            return taken_over or self._train(model, options, job, seed, validate, resume, fresh)

    def unfinished(self, model: str) -> Unfinished | None:
        """The training of a model that was interrupted and can go on; None if there is none."""
        return self._checkpoints.find(model, self._recorder.data)

    def _require_unfinished(self, model: str, options: Mapping[str, Any] | None) -> Unfinished:
        if options:
            raise OptionError(f"The training of {model} goes on with the options that it began with: give none.")
        found = self.unfinished(model)
        if found is None:
            raise RecsysError(
                f"No training of {model} on {self._opened.name!r} was interrupted that could go on.",
                kind=ErrorKind.UNTRAINED,
                name=model,
                dataset=self._opened.name,
            )
        if found.damage:
            raise RecsysError(f"The interrupted training of {model} cannot go on: {found.damage}")
        return found

    def _train(
        self,
        model: str,
        options: Mapping[str, Any] | None,
        job: Job,
        seed: int,
        validate: bool,
        resume: bool,
        fresh: bool,
    ) -> FitReport:
        import_in_background("torch")
        from engine.evaluation.runner import train
        from engine.session.checkpointing import CheckpointingJob

        opened, checkpoints = self._opened, self._checkpoints
        request = Request(dict(options or {}), seed, validate, self._recorder.data)
        known = recorded_options(models.get(model), options or {}, seed)
        settings = {name: True for name, given in (("validate", validate), ("resumed", resume)) if given}
        with self._recorder.recording("train", model, known, job, seed=seed, settings=settings) as run:
            run.job.report(Progress(f"preparing {model}"))
            data, vectors = opened.dataset, self._vectors_for(model, options, job)
            with opened.queue.background(run.job) as turn:
                start = checkpoints.load(model, opened.device) if resume else None
                for epoch, loss in enumerate(() if start is None else start.losses_by_epoch, 1):
                    turn.report(Progress(f"training {model}", values={"epoch": epoch, "loss": loss}))
                keeping = CheckpointingJob(turn, checkpoints, request)
                try:
                    trained, report = train(
                        data,
                        model,
                        options=options,
                        seed=seed,
                        device=opened.device,
                        job=keeping,
                        item_vectors=vectors,
                        executor=opened.distributed(turn),
                        validate=validate,
                        start=start,
                        earlier=None if fresh or resume else self.earlier.start(model, opened.device),
                        on_cancel=keeping.keep,
                    )
                except LearningError:
                    checkpoints.delete(model)  # it would diverge again
                    raise
                report = replace(report, path=str(self._store.folder(model)))
                self._store.store(trained, report)
            checkpoints.delete(model)
            run.trained(report, self._store.version(model))
        return report

    def estimate_memory(self, model: str, options: Mapping[str, Any] | None = None) -> MemoryEstimate:
        """Estimate the memory that :meth:`train` would take, and compare it with what is free.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`train`.
        """
        self._store.require_trainable(models.get(model))
        import_in_background("torch")
        from engine.evaluation.runner import estimate_memory

        return estimate_memory(self._opened.dataset, model, options, self._opened.device)

    def evaluate(self, model: str, config: EvaluationConfig | None = None, job: Job | None = None) -> FitReport:
        """Train a model on a part of the data set and measure it on the rest.

        Parameters
        ----------
        model, config, job
            The arguments of :func:`engine.evaluation.runner.evaluate`; the device is the session's.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`train`, and if the protocol does not suit the model.
        """
        spec = models.get(model)
        self._store.require_trainable(spec)
        import_in_background("torch")
        from engine.evaluation.runner import measure, protocol_for

        data, job = self._opened.dataset, job or Job()
        config = replace(config or EvaluationConfig(), device=self._device)
        protocol = protocol_for([model], config.protocol)
        known, settings = recorded_options(spec, config.options, config.seed), evaluation_settings(config)
        with self._recorder.recording(
            "evaluate", model, known, job, seed=config.seed, protocol=protocol, settings=settings
        ) as run:
            vectors = self._vectors_for(model, config.options, job)
            with self._opened.queue.background(run.job) as turn:
                evaluation = measure(
                    data,
                    model,
                    config,
                    job=turn,
                    item_vectors=vectors,
                    executor=self._opened.distributed(turn),
                    validate=True,
                )
            run.evaluated(evaluation)
        return evaluation.report

    def protocol_for(self, names: Sequence[str], protocol: str | None = None) -> str:
        """The protocol by which models can be measured; see :func:`engine.evaluation.runner.protocol_for`."""
        import_in_background("torch")
        from engine.evaluation.runner import protocol_for

        return protocol_for(names, protocol)

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

        Parameters
        ----------
        model, trials, config, job, timeout, metric
            The arguments of :func:`engine.evaluation.tuning.tune`; the device is the session's.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`evaluate`, and if Optuna is not installed.
        """
        self._store.require_trainable(models.get(model))
        import_in_background("torch")
        from engine.evaluation.tuning import tune

        opened, job = self._opened, job or Job()
        data, folder = opened.dataset, opened.workspace.dataset_folder(opened.name) / "tuning"
        config = replace(config or EvaluationConfig(), device=self._device)
        known = recorded_options(models.get(model), config.options, config.seed)
        settings = {"k": config.k, "trials": trials, "metric": metric}
        with self._recorder.recording(
            "tune", model, known, job, seed=config.seed, protocol=config.protocol, settings=settings
        ) as run:
            vectors = self._vectors_for(model, config.options, job)
            with opened.queue.background(run.job) as turn:
                outcome = tune(
                    data,
                    model,
                    trials,
                    folder,
                    config,
                    timeout=timeout,
                    metric=metric,
                    job=turn,
                    item_vectors=vectors,
                    executor=opened.distributed(turn),
                )
            run.tuned(outcome)
        return outcome

    @property
    def _device(self) -> str:
        """What trains and measures: a cluster does so on processors."""
        return self._opened.device if self._opened.on == LOCAL else "cpu"

    def _vectors_for(self, model: str, options: Mapping[str, Any] | None, job: Job) -> npt.NDArray[np.float32] | None:
        """The vectors of all items' texts, embedded now where they are not yet; None for a model that takes none."""
        spec = models.get(model)
        if not spec.uses_texts(spec.read_options(options or {})):
            return None
        return self._search.item_vectors(job)


def _capable_of(capability: str) -> list[ModelSpec]:
    """The declarations of the models that have a capability."""
    return [spec for spec in models.describe().values() if getattr(spec.capabilities, capability)]


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
