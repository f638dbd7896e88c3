"""Fitting a model on one part of a data set and measuring it on the other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.data.results import FitReport
from engine.errors import OptionError, RecsysError, UnsupportedError
from engine.evaluation.cases import make_cases
from engine.evaluation.config import COMMON_PROTOCOL, DEFAULT_PROTOCOL, EvaluationConfig
from engine.evaluation.metrics import Metrics, compute_metrics
from engine.evaluation.predict import batch_score
from engine.evaluation.splitters import Split, split
from engine.ranking import confidence_margin
from engine.runtime.job import Job, Progress

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
) -> tuple[Model, FitReport]:
    """Train a model on a whole data set.

    Parameters
    ----------
    dataset
        What the model learns from.
    name
        The model's name in the registry.
    options
        Options of the model; text is converted. Those not given have the registry's defaults for data of this size.
    seed
        The seed of the model.
    device
        What computes.
    job
        Takes the progress and may cancel.
    item_vectors
        For a model that uses the items' texts: their vectors, a row for each item of the data set and row 0 for the
        padding, ``(num_items + 1, d)``. Such a model can recommend items that nobody chose.

    Returns
    -------
    model, FitReport
        The trained model, and how long training took.

    Raises
    ------
    UnsupportedError
        If the model cannot be stored.
    """
    spec = models.get(name)
    if not spec.capabilities.stores:
        raise UnsupportedError(
            f"{name} cannot be kept, since its class has no save and restore: it can only be evaluated."
        )
    interactions = learnable(dataset.interactions, spec)
    model = _create(spec, options, seed, device, interactions)
    seconds = {"fit": fit(model, interactions, dataset, job, item_vectors=item_vectors)}
    return model, FitReport(name, dataset.name, None, seed, {}, seconds, None, options=model.options())


def learnable(interactions: Interactions, spec: models.ModelSpec) -> Interactions:
    """The interactions that a model can learn from: only rated ones, where it needs ratings."""
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
) -> float:
    """Fit a model on interactions, or on the sequences that they make, with all that it declares to use.

    Parameters
    ----------
    model
        The model.
    interactions
        What it learns from.
    dataset
        Where the interactions come from; its catalogue gives the items' features.
    job
        Takes the progress and may cancel.
    user_features
        What is known of users, for a model that uses features: name of the group -> ``(num_users, f)``.
    item_vectors
        Vectors of the items' texts, for a model that uses texts; as of :func:`train`.

    Returns
    -------
    float
        The seconds that it took.
    """
    can = model.capabilities
    if not len(interactions):
        raise RecsysError(f"{model.name} has nothing to learn from: no interaction of the training part has a rating.")
    begun = time.perf_counter()
    data: Any = interactions if can.task == "user" else interactions.to_sequence(can.sequence_length)
    extra: dict[str, Any] = {}
    if "features" in can.uses:
        from engine.data.features import Features, of_items

        extra["features"] = Features(user_features or {}, of_items(dataset.items, interactions.num_items))
    if "texts" in can.uses and item_vectors is not None:
        if can.task == "sequence":  # these sequences are ours; interactions are the data set's own
            data.num_items = len(item_vectors)
        extra["item_vectors"] = item_vectors[: data.num_items]
    learn: Any = model.fit  # which takes what the capabilities declare
    learn(data, job=job, **extra)
    return time.perf_counter() - begun


def protocol_for(names: Sequence[str], protocol: str | None = None) -> str:
    """The protocol by which models can be measured.

    Parameters
    ----------
    names
        The models' names.
    protocol
        What was asked for; None means the default: ``random`` for models of users, ``user`` for models of sequences,
        ``leave-one-out`` for models of both tasks.

    Raises
    ------
    OptionError
        If the protocol does not suit one of the models.
    """
    specs = [models.get(name) for name in names]
    tasks = {spec.task for spec in specs}
    if protocol is None:
        return DEFAULT_PROTOCOL[tasks.pop()] if len(tasks) == 1 else COMMON_PROTOCOL
    for spec in specs:
        if why := _unsuited(spec, protocol):
            raise OptionError(f"{spec.name} cannot be evaluated by the protocol {protocol}: {why}.")
    return protocol


def _unsuited(spec: models.ModelSpec, protocol: str) -> str:
    if protocol == "random" and spec.task == "sequence":
        return "a part drawn at random leaves no sequences whole"
    if protocol == "user" and spec.task == "user" and not spec.capabilities.folds_in:
        return "it knows only the users that it was trained on"
    return ""


def evaluate(
    dataset: Dataset,
    name: str,
    config: EvaluationConfig | None = None,
    *,
    job: Job | None = None,
    item_vectors: Vectors | None = None,
) -> FitReport:
    """Train a model on a part of a data set and measure it on the rest.

    All items that occur in the interactions are ranked, not a sample of them. See
    :func:`engine.evaluation.cases.make_cases` for the cases and :mod:`engine.evaluation.metrics` for the metrics.

    Parameters
    ----------
    dataset
        What is split.
    name
        The model's name in the registry.
    config
        How to evaluate; None for the defaults.
    job
        Takes the progress and may cancel.
    item_vectors
        As of :func:`train`. Only items that occur in the interactions are ranked.

    Returns
    -------
    FitReport
        With ``metrics``, ``intervals``, ``segments`` and, in ``about``, what was predicted and how it was measured.

    Raises
    ------
    OptionError
        If the protocol does not suit the model, or an option is impossible.
    RecsysError
        If the data set is too small to be split.
    """
    config = config or EvaluationConfig()
    protocol = protocol_for([name], config.protocol)
    reports = []
    for seed in range(config.seed, config.seed + config.seeds):
        parts = split(dataset.interactions, protocol, seed, config.ties)
        one = replace(config, protocol=protocol, seed=seed, seeds=1)
        reports.append(evaluate_split(dataset, name, parts, one, job=job, item_vectors=item_vectors))
    return reports[0] if len(reports) == 1 else mean_report(reports)


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
    """Evaluate a model on a split that is made already: a published one, or one within a training part.

    Parameters
    ----------
    dataset
        Where the parts come from.
    name
        The model's name in the registry.
    parts
        What the model learns from, and what it is asked about.
    config
        How to evaluate. Its protocol, by default that of the model's task, says what kind of split it is, which
        decides what the model is asked; ``seeds`` is not used.
    job, item_vectors
        As of :func:`evaluate`.
    user_features
        As of :func:`fit`.
    """
    job = job or Job()
    spec = models.get(name)
    protocol = protocol_for([name], config.protocol)
    learnt = learnable(parts.train, spec)
    model = _create(spec, config.options, config.seed, config.device, learnt)
    ratings = learnt.ratings if spec.capabilities.predicts_ratings else None
    cases = make_cases(parts, protocol, spec.task, config.seed, rates=ratings is not None)
    if item_vectors is not None:
        item_vectors = item_vectors[: learnt.num_items]
    fit_seconds = fit(model, learnt, dataset, job, user_features=user_features, item_vectors=item_vectors)
    job.report(Progress(f"measuring {name}"))
    job.checkpoint()
    begun = time.perf_counter()
    predictions = batch_score(
        model,
        cases,
        k=config.k,
        filter_seen=config.filter_seen,
        margin=None if ratings is None else confidence_margin(learnt),
        rating_range=None if ratings is None else (float(ratings.min()), float(ratings.max())),
        job=job,
    )
    metrics = compute_metrics(
        predictions, cases, parts.train, dataset.items, seed=config.seed, segments=config.segments
    )
    seconds = {"fit": fit_seconds, "evaluate": time.perf_counter() - begun}
    return _report(dataset, model, replace(config, protocol=protocol), metrics, seconds)


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
    """The means of several seeds' metrics, seconds and bounds; the single values stay in ``about["by_seed"]``."""
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
