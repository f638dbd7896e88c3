"""Training a model, and evaluating it on a split of a data set."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.data.results import FitReport
from engine.errors import CancelledError, OptionError, RecsysError, UnsupportedError
from engine.evaluation.bootstrap import UserSums
from engine.evaluation.cases import IntArray, make_cases, without_known_targets
from engine.evaluation.config import COMMON_PROTOCOL, DEFAULT_PROTOCOL, EvaluationConfig
from engine.evaluation.metrics import Metrics, compute_metrics
from engine.evaluation.predict import batch_score
from engine.evaluation.splitters import Split, split
from engine.evaluation.validation import ValidatingJob, Validation, hold_out, some_cases
from engine.models.memory import MemoryEstimate, estimate, require_memory
from engine.ranking import confidence_margin
from engine.runtime.device import resolve
from engine.runtime.executor import Executor, LocalExecutor, in_order
from engine.runtime.job import Job, Progress
from engine.runtime.memory import failed_allocations
from engine.training.loop import say

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.interactions import Interactions
    from engine.models.contract import Model
    from engine.search.encoder.encoder import Vectors


def train(
    dataset: Dataset,
    name: str,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 42,
    device: str = "auto",
    job: Job | None = None,
    item_vectors: Vectors | None = None,
    executor: Executor | None = None,
    validate: bool = False,
    start: Model | None = None,
    on_cancel: Callable[[Model], None] | None = None,
    earlier: Model | None = None,
) -> tuple[Model, FitReport]:
    """Train a model on a whole data set.

    Parameters
    ----------
    dataset
        The data set to train on.
    name
        The name of the model in the registry.
    options
        Options of the model, as values or as text that is converted. The registry's defaults for data of this size are
        used for all others.
    seed
        The seed of the model.
    device
        The device to compute on.
    job
        Receives the progress and may cancel.
    item_vectors
        The vectors of the items' texts for a model that uses them: one row per item of the data set, and row 0 for the
        padding, shape ``(num_items + 1, d)``. Such a model can also recommend items without interactions.
    executor
        What computes parts of a model that distributes its training; None computes all of it here.
    validate
        Whether to hold out a few interactions, which the model then does not learn, and to report a figure of them
        after each epoch; see :func:`engine.evaluation.validation.hold_out`.
    start
        The model whose interrupted training goes on, instead of a new one; ``options`` are those of its training.
    on_cancel
        Called with the model as it is when the job is cancelled.
    earlier
        A model of before an update of the data set, from which the training begins if its options allow it.

    Returns
    -------
    model, FitReport
        The trained model, and a report of how long training took. Its ``about`` has ``"start"``: ``"earlier"`` if the
        training began from the earlier model, and ``"options"`` if that has other options, so that it began anew.

    Raises
    ------
    UnsupportedError
        If the model cannot be saved.
    """
    spec = models.get(name)
    if not spec.capabilities.stores:
        raise UnsupportedError(
            f"{name} cannot be saved, since its class has no save and restore methods: it can only be evaluated."
        )
    if job is not None:  # of a large data set it takes a while until the model itself says something
        job.report(Progress(f"preparing {name}"))
    interactions = learnable(dataset.interactions, spec)
    validation = None
    if validate and (held_out := hold_out(interactions, seed)) is not None:
        cases = make_cases(held_out, "leave-one-out", spec.task, seed, rates=spec.capabilities.predicts_ratings)
        interactions = held_out.train
        validation = Validation(cases, _rating_range(spec, interactions))
    model = start or _create(spec, options, seed, device, interactions)
    about = {} if earlier is None else {"start": "earlier" if model.start_from(earlier) else "options"}
    try:
        fit_seconds = fit(
            model, interactions, dataset, job, item_vectors=item_vectors, executor=executor, validation=validation
        )
    except CancelledError:
        if on_cancel is not None:
            on_cancel(model)
        raise
    seconds = {"fit": fit_seconds}
    return model, FitReport(name, dataset.name, None, seed, {}, seconds, None, options=model.options(), about=about)


def estimate_memory(
    dataset: Dataset, name: str, options: Mapping[str, Any] | None = None, device: str = "auto"
) -> MemoryEstimate:
    """Estimate the memory of :func:`train` with the same arguments, without training.

    Raises
    ------
    OptionError
        If an option is unknown or has an impossible value.
    """
    spec = models.get(name)
    interactions = learnable(dataset.interactions, spec)
    model = _create(spec, options, 42, device, interactions)
    return estimate(spec, interactions, model.options(), model.device)


def learnable(interactions: Interactions, spec: models.ModelSpec) -> Interactions:
    """The interactions that a model can learn from: all of them, or only those with ratings if it needs ratings."""
    if "ratings" not in spec.needs or interactions.ratings is None:
        return interactions
    rated = ~np.isnan(interactions.ratings)
    return interactions if rated.all() else interactions.select(rated)


def _create(
    spec: models.ModelSpec, options: Mapping[str, Any] | None, seed: int, device: str, interactions: Interactions
) -> Model:
    given = {name: value for name, value in {"random_state": seed, "device": device}.items() if name in spec.options}
    sized = spec.defaults_for(len(interactions), interactions.num_items - 1)
    return models.create(spec.name, **{**sized, **given, **(options or {})})


def fit(
    model: Model,
    interactions: Interactions,
    dataset: Dataset,
    job: Job | None = None,
    *,
    user_features: Mapping[str, Any] | None = None,
    item_vectors: Vectors | None = None,
    executor: Executor | None = None,
    validation: Validation | None = None,
) -> float:
    """Fit a model on interactions or on their sequences, with the features and texts that it declares to use.

    Parameters
    ----------
    model
        The model to fit.
    interactions
        The interactions to learn from.
    dataset
        The data set of the interactions; features of items are taken from its catalogue.
    job
        Receives the progress and may cancel.
    user_features
        Features of users for a model that uses features: name of a group of features -> array of shape
        ``(num_users, f)``.
    item_vectors
        The vectors of the items' texts for a model that uses texts; see :func:`train`.
    executor
        As of :func:`train`; only a model that distributes its training is given it.
    validation
        By what the model is measured after each epoch, if it is trained by epochs; the figures are reported to the job.

    Returns
    -------
    float
        The duration of the fit in seconds, without that of the validation.

    Raises
    ------
    RecsysError
        If there are no interactions to learn from.
    LearningError
        If the model states that its training needs more memory than is free on its device and on the CPU.
    MemoryError
        If there was less memory than stated.
    """
    can = model.capabilities
    if not len(interactions):
        raise RecsysError(f"{model.name} has nothing to learn from: no interaction of the training part has a rating.")
    if spec := models.describe().get(model.name):
        found = require_memory(spec, interactions, model.options(), model.device)
        if found.device == "cpu" != str(model.device):
            say(f"{model.device} has too little free memory for {model.name}: it is trained on the CPU", job)
            model.device = resolve("cpu")
    if validation is not None:
        job = ValidatingJob(job or Job(), model, validation)
        validation.begin()
    begun = time.perf_counter()
    data: Any = interactions if can.task == "user" else interactions.to_sequence(can.sequence_length)
    extra: dict[str, Any] = {}
    if "features" in can.uses:
        from engine.data.features import Features, of_items

        extra["features"] = Features(user_features or {}, of_items(dataset.items, interactions.num_items))
    if "texts" in can.uses and item_vectors is not None:
        if can.task == "sequence":  # sequences are created above, while interactions belong to the data set
            data.num_items = len(item_vectors)
        extra["item_vectors"] = item_vectors[: data.num_items]
    if executor is not None and can.distributes:
        extra["executor"] = executor
    learn: Any = model.fit  # typed as Any, since the capabilities declare which arguments it takes
    with failed_allocations():
        learn(data, job=job, **extra)
    return time.perf_counter() - begun - (0.0 if validation is None else validation.seconds)


def _rating_range(spec: models.ModelSpec, learned_from: Interactions) -> tuple[float, float] | None:
    """The range of the ratings that a model learns from; None for a model that predicts none."""
    ratings = learned_from.ratings if spec.capabilities.predicts_ratings else None
    return None if ratings is None else (float(ratings.min()), float(ratings.max()))


def protocol_for(names: Sequence[str], protocol: str | None = None) -> str:
    """The protocol with which models are evaluated.

    Parameters
    ----------
    names
        The names of the models.
    protocol
        The requested protocol. None chooses the default: ``random`` if all are models of users, ``user`` if all are
        models of sequences, and ``leave-one-out`` if there are models of both tasks.

    Raises
    ------
    OptionError
        If one of the models cannot be evaluated with the protocol.
    """
    specs = [models.get(name) for name in names]
    tasks = {spec.task for spec in specs}
    if protocol is None:
        return DEFAULT_PROTOCOL[tasks.pop()] if len(tasks) == 1 else COMMON_PROTOCOL
    for spec in specs:
        if why := _unsuited(spec, protocol):
            raise OptionError(f"{spec.name} cannot be evaluated with the protocol {protocol}: {why}.")
    return protocol


def _unsuited(spec: models.ModelSpec, protocol: str) -> str:
    if protocol == "random" and spec.task == "sequence":
        return "a random split breaks up the sequences"
    if protocol == "user" and spec.task == "user" and not spec.capabilities.folds_in:
        return "it can only score the users that it was trained on"
    return ""


def evaluate(
    dataset: Dataset,
    name: str,
    config: EvaluationConfig | None = None,
    *,
    job: Job | None = None,
    item_vectors: Vectors | None = None,
) -> FitReport:
    """Train a model on one part of a data set and evaluate it on the rest.

    Where known items are left out of the ranking, they are not asked for either; ``about["num_known_targets"]`` counts
    them. Rankings contain all items that occur in the interactions, not a sample of them. See
    :func:`engine.evaluation.cases.make_cases` for the cases and :mod:`engine.evaluation.metrics` for the metrics.

    Parameters
    ----------
    dataset
        The data set to split.
    name
        The name of the model in the registry.
    config
        The settings of the evaluation; None uses the defaults.
    job
        Receives the progress and may cancel.
    item_vectors
        The vectors of the items' texts for a model that uses texts; see :func:`train`.

    Returns
    -------
    FitReport
        A report with ``metrics``, ``intervals`` and ``segments``; ``about`` describes the task and the measurement.

    Raises
    ------
    OptionError
        If the model cannot be evaluated with the protocol, or an option is invalid.
    RecsysError
        If the data set is too small to be split.
    """
    return measure(dataset, name, config, job=job, item_vectors=item_vectors).report


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation with the values and the lists that its report is made of.

    Attributes
    ----------
    report
        The report.
    values
        The values of each user.
    lists
        The list of each case, shape ``(num_cases, k)``, of the first seed.
    users
        The user of each case, shape ``(num_cases,)``.
    owners, targets
        Pairs of a case and an item that was to be found.
    """

    report: FitReport
    values: UserSums
    lists: IntArray
    users: IntArray
    owners: IntArray
    targets: IntArray


def sample_users(evaluation: Evaluation, most: int) -> Evaluation:
    """The values and the lists of at most so many users, drawn at random.

    A user is drawn by a hash of the id, so that two evaluations of the same users keep the same sample.
    """
    users = evaluation.values.users
    if len(users) <= most:
        return evaluation
    drawn = np.sort(users[np.argsort(_hashed(users), kind="stable")[:most]])
    kept = np.isin(evaluation.users, drawn)
    position = np.cumsum(kept) - 1
    asked = kept[evaluation.owners]
    return replace(
        evaluation,
        values=evaluation.values.select(drawn),
        lists=evaluation.lists[kept],
        users=evaluation.users[kept],
        owners=position[evaluation.owners[asked]],
        targets=evaluation.targets[asked],
    )


def _hashed(ids: IntArray) -> IntArray:
    """The ids mixed by the finaliser of SplitMix64 (Steele, Lea and Flood, 2014), so that their order is random."""
    mixed = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def measure(
    dataset: Dataset,
    name: str,
    config: EvaluationConfig | None = None,
    *,
    job: Job | None = None,
    item_vectors: Vectors | None = None,
    executor: Executor | None = None,
    validate: bool = False,
) -> Evaluation:
    """Like :func:`evaluate`, with the values of each user and the lists.

    Parameters
    ----------
    dataset, name, config, job, item_vectors
        See :func:`evaluate`.
    executor
        What computes the evaluations of the seeds, on several machines; None computes them here.
    validate
        Whether to measure the model after each epoch on some of the test cases, and to report the figures to the job.
        They change nothing; whoever chooses options by them has to evaluate with another seed.
    """
    config = config or EvaluationConfig()
    config = replace(config, protocol=protocol_for([name], config.protocol))
    executor, job = executor or LocalExecutor(), job or Job()
    shared = executor.share(dataset), name, executor.share(item_vectors), validate
    seeds = ((replace(config, seed=seed, seeds=1),) for seed in range(config.seed, config.seed + config.seeds))
    found = []
    for one in in_order(executor.run(measure_seed, shared, seeds, job)):
        found.append(one)
        if config.seeds > 1:
            job.report(Progress(f"evaluating {name}", len(found), config.seeds, "seeds"))
    if len(found) == 1:
        return found[0]
    report = mean_report([one.report for one in found])
    return replace(found[0], report=report, values=UserSums.merged([one.values for one in found]))


def measure_seed(
    job: Job, dataset: Dataset, name: str, item_vectors: Vectors | None, validate: bool, config: EvaluationConfig
) -> Evaluation:
    """Evaluate a model by the first seed of the settings, which name the protocol; work for an executor."""
    parts = split(dataset.interactions, config.protocol or protocol_for([name]), config.seed, config.ties)
    return measure_split(dataset, name, parts, config, job=job, item_vectors=item_vectors, validate=validate)


def evaluate_part(
    job: Job, dataset: Dataset, name: str, item_vectors: Vectors | None, parts: Split, config: EvaluationConfig
) -> FitReport:
    """Evaluate a model on an existing split; work for an executor. See :func:`evaluate_split`."""
    return evaluate_split(dataset, name, parts, config, job=job, item_vectors=item_vectors)


def evaluate_split(
    dataset: Dataset,
    name: str,
    parts: Split,
    config: EvaluationConfig,
    *,
    job: Job | None = None,
    user_features: Mapping[str, Any] | None = None,
    item_vectors: Vectors | None = None,
) -> FitReport:
    """Evaluate a model on an existing split, such as a published one or a validation split.

    Parameters
    ----------
    dataset
        The data set that was split.
    name
        The name of the model in the registry.
    parts
        The training part and the test part.
    config
        The settings of the evaluation. The protocol, by default that of the model's task, must be the kind of the
        split, since it determines the cases; ``seeds`` is ignored.
    job, item_vectors
        See :func:`evaluate`.
    user_features
        See :func:`fit`.
    """
    return measure_split(
        dataset, name, parts, config, job=job, user_features=user_features, item_vectors=item_vectors
    ).report


def measure_split(
    dataset: Dataset,
    name: str,
    parts: Split,
    config: EvaluationConfig,
    *,
    job: Job | None = None,
    user_features: Mapping[str, Any] | None = None,
    item_vectors: Vectors | None = None,
    validate: bool = False,
) -> Evaluation:
    """Like :func:`evaluate_split`, with the values of each user and the lists; see :func:`measure` for ``validate``."""
    job = job or Job()
    spec = models.get(name)
    protocol = protocol_for([name], config.protocol)
    learned_from = learnable(parts.train, spec)
    model = _create(spec, config.options, config.seed, config.device, learned_from)
    ratings = learned_from.ratings if spec.capabilities.predicts_ratings else None
    cases = make_cases(parts, protocol, spec.task, config.seed, rates=ratings is not None)
    if config.filter_seen:
        cases = without_known_targets(cases, rates=ratings is not None)
    if item_vectors is not None:
        item_vectors = item_vectors[: learned_from.num_items]
    rating_range = _rating_range(spec, learned_from)
    validation = Validation(some_cases(cases, config.seed), rating_range) if validate else None
    fit_seconds = fit(
        model,
        learned_from,
        dataset,
        job,
        user_features=user_features,
        item_vectors=item_vectors,
        validation=validation,
    )
    job.report(Progress(f"evaluating {name}"))
    job.checkpoint()
    begun = time.perf_counter()
    predictions = batch_score(
        model,
        cases,
        k=config.k,
        filter_seen=config.filter_seen,
        margin=None if ratings is None else confidence_margin(learned_from),
        rating_range=rating_range,
        job=job,
    )
    metrics = compute_metrics(
        predictions, cases, parts.train, dataset.items, seed=config.seed, segments=config.segments
    )
    seconds = {"fit": fit_seconds, "evaluate": time.perf_counter() - begun}
    report = _report(dataset, model, replace(config, protocol=protocol), metrics, seconds)
    return Evaluation(report, metrics.values, predictions.lists, cases.users, cases.owners, cases.targets)


def _report(
    dataset: Dataset, model: Model, config: EvaluationConfig, metrics: Metrics, seconds: Mapping[str, float]
) -> FitReport:
    return FitReport(
        model=model.name,
        dataset=dataset.name,
        protocol=config.protocol,
        seed=config.seed,
        metrics=metrics.metrics,
        seconds=seconds,
        num_test=metrics.num_test,
        options=model.options(),
        intervals=metrics.intervals,
        segments=metrics.segments,
        about={**metrics.about, "seen_items": "removed" if config.filter_seen else "kept"},
    )


def mean_report(reports: Sequence[FitReport]) -> FitReport:
    """The report of the means over several seeds; ``about["by_seed"]`` keeps the values of each seed."""
    first = reports[0]

    def mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
        return {name: float(np.mean([row[name] for row in rows if name in row])) for name in rows[0]}

    return replace(
        first,
        metrics=mean([one.metrics for one in reports]),
        seconds=mean([one.seconds for one in reports]),
        intervals={
            name: tuple(np.mean([one.intervals[name] for one in reports if name in one.intervals], axis=0).tolist())
            for name in first.intervals
        },
        segments={name: mean([one.segments[name] for one in reports]) for name in first.segments},
        about={
            **first.about,
            "interval": f"{first.about['interval']}, means of the seeds' bounds",
            "seeds": [one.seed for one in reports],
            "by_seed": {name: [one.metrics.get(name) for one in reports] for name in first.metrics},
        },
    )
