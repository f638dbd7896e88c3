"""Fitting a model on one part of a data set and measuring it on the other."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.data.results import FitReport
from engine.errors import OptionError, RecsysError
from engine.evaluation.cases import make_cases
from engine.evaluation.metrics import Metrics, compute_metrics
from engine.evaluation.predict import SEQUENCE_LENGTH, batch_score
from engine.evaluation.splitters import Split, Ties, split
from engine.recommender import confidence_margin
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.interactions import Interactions
    from engine.search.encoder.encoder import Vectors

#: The protocol of a task where none is asked for, and of a table with models of both.
DEFAULT_PROTOCOL = {"user": "random", "sequence": "user"}
COMMON_PROTOCOL = "leave-one-out"
#: The length of the lists that are judged.
AT = 10


def train(
    dataset: Dataset,
    name: str,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 42,
    device: str = "auto",
    job: Job | None = None,
    item_vectors: Vectors | None = None,
) -> tuple[Any, FitReport]:
    """Train a model on a whole data set.

    Parameters
    ----------
    dataset
        What to learn from.
    name
        Of the model.
    options
        Of the model; text is understood as the command line gives it. Those not given are the registry's defaults
        for data of this size.
    seed
        Of the model.
    device
        What computes.
    job
        Takes the progress and may be cancelled.
    item_vectors
        For a model that is to go by the items' texts: their vectors, a row for each item of the data set and row 0
        for the padding, ``(num_items + 1, d)``. It can then recommend those that nobody has chosen.

    Returns
    -------
    model, FitReport
        The trained model, and how long it took.
    """
    spec = models.get(name)
    interactions = learnable(dataset.interactions, spec)
    model = _create(spec, options, seed, device, interactions)
    if not (hasattr(model, "save") and hasattr(model, "restore")):
        raise RecsysError(f"{name} cannot be kept, since its class has no save and restore: only evaluate takes it.")
    seconds = {"fit": _fit(model, spec, interactions, dataset, job, item_vectors=item_vectors)}
    return model, FitReport(name, dataset.name, None, seed, {}, seconds, None, options=model_options(model))


def learnable(interactions: Interactions, spec: models.ModelSpec) -> Interactions:
    """The interactions that a model can learn from: rated ones only, where it needs ratings."""
    if "ratings" not in spec.needs or interactions.ratings is None:
        return interactions
    rated = ~np.isnan(interactions.ratings)
    return interactions if rated.all() else interactions.select(rated)


def model_options(model: Any) -> dict[str, Any]:
    """The options that a model was made with, where it can tell."""
    return dict(model.options()) if hasattr(model, "options") else {}


def _create(
    spec: models.ModelSpec, options: Mapping[str, Any] | None, seed: int, device: str, interactions: Interactions
) -> Any:
    given = {name: value for name, value in {"random_state": seed, "device": device}.items() if name in spec.options}
    sized = spec.defaults_for(len(interactions), interactions.num_items - 1)
    return models.create(spec.name, **{**sized, **given, **(options or {})})


def _fit(
    model: Any,
    spec: models.ModelSpec,
    interactions: Interactions,
    dataset: Dataset,
    job: Job | None,
    user_features: Mapping[str, Any] | None = None,
    item_vectors: Vectors | None = None,
) -> float:
    """Fit a model on interactions, or on the sequences they make; the seconds it took."""
    if not len(interactions):
        raise RecsysError(f"{spec.name} has nothing to learn from: no interaction of the training part has a rating.")
    begun = time.perf_counter()
    length = getattr(model, "sequence_length", SEQUENCE_LENGTH)
    data: Any = interactions if spec.task == "user" else interactions.to_sequence(length)
    takes = inspect.signature(model.fit).parameters  # Spotlight's own classes take nothing beside the data
    extra: dict[str, Any] = {"job": job} if "job" in takes else {}
    if "features" in takes and getattr(model, "side_features", True):
        from engine.data.features import Features, of_items

        extra["features"] = Features(user_features or {}, of_items(dataset.items, interactions.num_items))
    if "item_vectors" in takes and item_vectors is not None and getattr(model, "texts", True):
        if spec.task == "sequence":  # these are ours; interactions are the data set's own
            data.num_items = len(item_vectors)
        extra["item_vectors"] = item_vectors[: data.num_items]
    model.fit(data, **extra)
    return time.perf_counter() - begun


def protocol_for(names: Sequence[str], protocol: str | None = None) -> str:
    """The protocol by which models can be measured.

    Parameters
    ----------
    names
        Of the models.
    protocol
        What was asked for; None means the default: ``random`` for models of users, ``user`` for models of sequences,
        ``leave-one-out`` for some of both.

    Raises
    ------
    OptionError
        If it does not suit one of them.
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
    if protocol == "user" and spec.task == "user" and not hasattr(spec.load_class(), "fold_in"):
        return "it knows only the users that it was trained on"
    return ""


def evaluate(
    dataset: Dataset,
    name: str,
    *,
    protocol: str | None = None,
    seed: int = 42,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    job: Job | None = None,
    at: int = AT,
    filter_seen: bool = True,
    segments: bool = False,
    seeds: int = 1,
    item_vectors: Vectors | None = None,
    ties: Ties = "file",
) -> FitReport:
    """Train a model on a part of a data set and measure it on the rest.

    All items that occur in the interactions are ranked: no sample of them. See
    :func:`engine.evaluation.cases.make_cases` for what is asked and :mod:`engine.evaluation.metrics` for the figures.

    Parameters
    ----------
    dataset
        What to part.
    name
        Of the model.
    protocol
        As :func:`engine.evaluation.splitters.split` takes it; by default as :func:`protocol_for` says.
    seed
        Of the split and of the model.
    options
        Of the model.
    device
        What computes.
    job
        Takes the progress and may be cancelled.
    at
        The length of the lists.
    filter_seen
        Whether items that are known of a person are taken out of the ranking.
    segments
        Whether to give figures also by users with few and many items, and by popular and rare items.
    seeds
        How many times, with ``seed``, ``seed + 1`` and so on; the figures are then means.
    item_vectors
        As of :func:`train`. Only items that occur in the interactions are ranked.
    ties
        The order of a user's interactions of the same time, as :func:`engine.evaluation.splitters.split` takes it.

    Returns
    -------
    FitReport
        With ``metrics``, ``intervals``, ``segments`` and, in ``about``, what was asked and how.

    Raises
    ------
    OptionError
        If the protocol does not suit the model, or an option is impossible.
    RecsysError
        If the data set is too small to be parted.
    """
    if at < 1 or seeds < 1:
        raise OptionError(f"The length of lists and the number of seeds must be at least 1, not {at} and {seeds}.")
    protocol = protocol_for([name], protocol)
    reports = [
        evaluate_split(
            dataset,
            name,
            split(dataset.interactions, protocol, one, ties),
            protocol,
            seed=one,
            options=options,
            device=device,
            job=job,
            at=at,
            filter_seen=filter_seen,
            segments=segments,
            item_vectors=item_vectors,
        )
        for one in range(seed, seed + seeds)
    ]
    return reports[0] if seeds == 1 else mean_report(reports)


def evaluate_split(
    dataset: Dataset,
    name: str,
    parts: Split,
    protocol: str,
    *,
    seed: int = 42,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    job: Job | None = None,
    at: int = AT,
    filter_seen: bool = True,
    segments: bool = False,
    user_features: Mapping[str, Any] | None = None,
    item_vectors: Vectors | None = None,
) -> FitReport:
    """As :func:`evaluate`, of a split that is made already: a published one, or one within a training part.

    Parameters
    ----------
    dataset
        Where the parts come from.
    name
        Of the model.
    parts
        What to learn from and what to ask about.
    protocol
        What kind of split it is: it decides what is asked.
    seed, options, device, job, at, filter_seen, segments, item_vectors
        As of :func:`evaluate`.
    user_features
        What is known of users, for a model that takes it: name of the group -> ``(num_users, f)``.
    """
    job = job or Job()
    spec = models.get(name)
    protocol_for([name], protocol)
    learnt = learnable(parts.train, spec)
    model = _create(spec, options, seed, device, learnt)
    ratings = learnt.ratings if "ratings" in spec.needs else None
    cases = make_cases(parts, protocol, spec.task, seed, rates=ratings is not None)
    if item_vectors is not None:
        item_vectors = item_vectors[: learnt.num_items]
    fitted = _fit(model, spec, learnt, dataset, job, user_features, item_vectors)
    job.report(Progress(f"measuring {name}"))
    job.checkpoint()
    begun = time.perf_counter()
    predictions = batch_score(
        model,
        spec.task,
        cases,
        at=at,
        filter_seen=filter_seen,
        doubt=None if ratings is None else confidence_margin(learnt),
        rating_range=None if ratings is None else (float(ratings.min()), float(ratings.max())),
        job=job,
    )
    measured = compute_metrics(predictions, cases, parts.train, dataset.items, seed=seed, segments=segments)
    return _report(dataset, name, protocol, seed, model, measured, filter_seen, fitted, begun)


def _report(
    dataset: Dataset,
    name: str,
    protocol: str,
    seed: int,
    model: Any,
    measured: Metrics,
    filter_seen: bool,
    fitted: float,
    begun: float,
) -> FitReport:
    return FitReport(
        model=name,
        dataset=dataset.name,
        protocol=protocol,
        seed=seed,
        metrics=measured.metrics,
        seconds={"fit": fitted, "evaluate": time.perf_counter() - begun},
        num_test=measured.num_test,
        options=model_options(model),
        intervals=measured.intervals,
        segments=measured.segments,
        about={**measured.about, "seen_items": "removed" if filter_seen else "kept"},
    )


def mean_report(reports: Sequence[FitReport]) -> FitReport:
    """The means of several seeds' figures, seconds and bounds; the single figures stay in ``about["by_seed"]``."""
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
