"""Hyperparameter search with Optuna on validation parts; a search can be resumed."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.data.study import Study
from engine.errors import (
    CancelledError,
    DamagedError,
    DataError,
    ErrorKind,
    LearningError,
    OptionError,
    RecsysError,
    missing_package,
)
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.journal import Journal
from engine.evaluation.paired import ERRORS
from engine.evaluation.runner import evaluate_part, learnable, protocol_for
from engine.evaluation.splitters import Split, split
from engine.evaluation.study_file import require_study
from engine.evaluation.study_record import (
    DEFAULTS,
    DIVERGED,
    MOST_TRIALS,
    importance_of,
    plain,
    searched_options,
    trials_of,
)
from engine.models import Range
from engine.runtime.executor import Executor, LocalExecutor, in_order
from engine.runtime.job import ForwardingJob, Job, Progress

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.interactions import Interactions
    from engine.search.encoder.encoder import Vectors

#: The number of validation parts on which each trial is evaluated; a trial may be pruned between them.
FOLDS = 2


@dataclass(frozen=True, slots=True)
class Tuned:
    """The result of a hyperparameter search.

    Attributes
    ----------
    model, dataset
        The name of the tuned model, and the name of the data set.
    protocol, seed
        The protocol and the seed of the split.
    metric
        The name of the optimized metric.
    best_options
        The best options found, together with those that were given.
    best_value, default_value
        The metric of the best options and of the defaults, as means over the validation parts; ``default_value`` is
        None if the defaults failed.
    finished, pruned
        The number of finished trials in all calls, and how many of them were pruned.
    path
        The file in which the search is stored.
    note
        A note on how to interpret the values.
    study
        The trials, and the importance of the options.
    """

    model: str
    dataset: str
    protocol: str
    seed: int
    metric: str
    best_options: Mapping[str, Any]
    best_value: float
    default_value: float | None
    finished: int
    pruned: int
    path: str
    note: str
    study: Study


def tune(
    dataset: Dataset,
    name: str,
    trials: int,
    folder: Path,
    config: EvaluationConfig | None = None,
    *,
    timeout: float | None = None,
    metric: str | None = None,
    job: Job | None = None,
    item_vectors: Vectors | None = None,
    executor: Executor | None = None,
) -> Tuned:
    """Search for the best options of a model with tree-structured Parzen estimators (Bergstra et al., 2011).

    The test part of the protocol is set aside first and never used. The training part is split again by the same
    protocol: a trial is trained on one part and evaluated on the other, the validation part. With ``random`` and
    ``user`` the second validation part is another random draw; with ``leave-one-out`` and ``temporal`` it precedes the
    first one in time. A trial that is worse than the median of the earlier ones on the first validation part is pruned:
    it is not evaluated on the second one. The first trial uses the default options.

    Parameters
    ----------
    dataset
        The data set to tune the model for.
    name
        The name of the model; its registry entry defines the search space.
    trials
        The total number of trials, including those of earlier calls.
    folder
        The folder in which searches are stored, one file per model, protocol, metric, seed and content of the data set.
    config
        The protocol, the seed of the split, the models and the search, the options that are fixed, and the device; None
        uses the defaults.
    timeout
        The number of seconds after which no further trial starts; None for no limit.
    metric
        The metric to optimize; None chooses ``rmse`` if the protocol is ``random`` and the model predicts ratings, and
        ``ndcg@k`` with the ``k`` of ``config`` otherwise.
    job
        Receives the progress, each time with the search so far (a :class:`Study`) as its detail, and may cancel; a
        cancelled search loses only the trial that is running.
    item_vectors
        The vectors of the items' texts; see :func:`engine.evaluation.runner.evaluate`.
    executor
        What evaluates the trials, on several machines: both validation parts of a trial at the same time, and as many
        trials as there are cores for. The search is the same as here where there is room for one trial; several at a
        time cannot learn from each other. None evaluates them here.

    Raises
    ------
    RecsysError
        If Optuna is not installed, no trial succeeds, or the data set is too small to be split twice.
    OptionError
        If the model has no options to search, or does not have the metric.
    DataError
        If the stored search cannot be read or written; the trials that are stored are kept.
    """
    job, executor = job or Job(), executor or LocalExecutor()
    try:
        import optuna
        from optuna.storages import JournalStorage
    except ImportError as error:
        raise missing_package("Tuning needs", "optuna") from error
    config = config or EvaluationConfig()
    spec, seed = models.get(name), config.seed
    spec.read_options(config.options)
    given = {option: spec.options[option].read(option, value) for option, value in config.options.items()}
    space = {option: one.search for option, one in spec.options.items() if one.search and option not in given}
    if not space:
        raise OptionError(
            f"The model {name} has no options to search for.",
            kind=ErrorKind.NOTHING_TO_TUNE,
            name=name,
            dataset=dataset.name,
        )
    protocol = protocol_for([name], config.protocol)
    metric = metric or ("rmse" if protocol == "random" and spec.capabilities.predicts_ratings else f"ndcg@{config.k}")
    parts = _validation_parts(split(dataset.interactions, protocol, seed, config.ties).train, protocol, seed)
    learned_from = learnable(parts[0].train, spec)
    defaults = spec.defaults_for(len(learned_from), learned_from.num_items - 1)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / f"{name}-{protocol}-{metric.replace('@', '-at-')}-{seed}-{_digest(dataset, given)}.journal"
    try:
        require_study(path)
        journal = Journal(path)
        with warnings.catch_warnings(), journal.errors():
            warnings.simplefilter("ignore")  # a warning that this storage is experimental
            study = optuna.create_study(
                study_name=name,
                storage=JournalStorage(journal),  # type: ignore[arg-type]
                load_if_exists=True,
                direction="minimize" if metric in ERRORS else "maximize",
                pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=0),
            )
    except Exception as error:  # an entry that is JSON and still wrong can raise anything in Optuna
        if isinstance(error, DataError) and not isinstance(error, DamagedError):
            raise
        raise DataError(
            f"{path}: the search cannot be read: move the file away to start a new one.", file=str(path)
        ) from error

    def finished() -> list[Any]:
        return [one for one in study.get_trials(deepcopy=False) if _ended(one)]

    with journal.errors():
        earlier = len(finished())
        # The seed differs in each call, so that a resumed search does not propose the options it has tried already.
        study.sampler = optuna.samplers.TPESampler(seed=seed + earlier, multivariate=False)
        if not earlier:
            start = {option: _within(defaults[option], where) for option, where in space.items()}
            study.enqueue_trial(start, user_attrs={DEFAULTS: True})

        def objective(trial: Any) -> float:
            quiet.checkpoint()
            chosen = {option: _suggest(trial, option, where, defaults[option]) for option, where in space.items()}
            notify(study, None, trial.number)
            values: list[float] = []
            chunks = (
                (part, replace(config, protocol=protocol, seed=seed + fold, options={**given, **chosen}))
                for fold, part in enumerate(shared_parts)
            )
            with closing(in_order(executor.run(evaluate_part, shared, chunks, quiet))) as reports:
                for fold in range(len(parts)):
                    try:
                        report = next(reports)
                    except LearningError:
                        trial.set_user_attr(DIVERGED, True)
                        raise
                    if metric not in report.metrics:
                        raise OptionError(
                            f"{name} has no metric {metric!r} with the protocol {protocol}: it has "
                            f"{', '.join(report.metrics)}."
                        )
                    values.append(report.metrics[metric])
                    trial.report(float(np.mean(values)), fold)
                    if fold + 1 < len(parts) and trial.should_prune():
                        raise optuna.TrialPruned
            return float(np.mean(values))

        def record(running: int | None = None) -> Study:
            found = study.get_trials(deepcopy=False)
            best = study.best_trial if _completed(study) else None
            older = [best] if best is not None and best.number < len(found) - MOST_TRIALS else []
            return Study(
                model=name,
                metric=metric,
                minimize=metric in ERRORS,
                protocol=protocol,
                seed=seed,
                wanted=trials,
                given=given,
                space=searched_options(space),
                trials=trials_of(older, None) + trials_of(found, running),
                num_trials=sum(one.state.name != "WAITING" for one in found),
                importance=importance_of(study, sum(one.state.name == "COMPLETE" for one in found)),
            )

        def notify(study: Any, _: Any, running: int | None = None) -> None:
            done = len(finished())
            best = {"best": float(study.best_value)} if _completed(study) else {}
            job.report(Progress(f"tuning {name}", done, max(trials, done), "trials", best, record(running)))

        shared = executor.share(dataset), name, executor.share(item_vectors)
        shared_parts = [executor.share(part) for part in parts]
        at_a_time = max(1, executor.slots // len(parts))
        quiet = _Quiet(job) if at_a_time == 1 else _QuietInThreads(job)
        notify(study, None)
        if earlier < trials:
            # A trial that diverges shows that its options are bad, and the search continues with others.
            study.optimize(
                objective,
                n_trials=trials - earlier,
                timeout=timeout,
                n_jobs=at_a_time,
                catch=(LearningError,),
                callbacks=[notify],
            )
        if not _completed(study):
            raise RecsysError(
                f"No trial of {name} succeeded: all trials diverged, or the time limit was reached before the first "
                "ended."
            )
        best = {**given, **{name: plain(value) for name, value in study.best_params.items()}}
        return _outcome(dataset, best, record(), float(study.best_value), finished(), path)


def _outcome(
    dataset: Dataset, best: dict[str, Any], study: Study, best_value: float, finished: list[Any], path: Path
) -> Tuned:
    return Tuned(
        model=study.model,
        dataset=dataset.name,
        protocol=study.protocol,
        seed=study.seed,
        metric=study.metric,
        best_options=best,
        best_value=best_value,
        default_value=next((one.value for one in finished if DEFAULTS in one.user_attrs), None),
        finished=len(finished),
        pruned=sum(one.state.name == "PRUNED" for one in finished),
        path=str(path),
        note=f"Chosen on {FOLDS} validation parts of the training part; the test part of the {study.protocol} split "
        f"(seed {study.seed}) was not used. The best value of many trials is too optimistic: evaluate it once on the "
        "test part.",
        study=study,
    )


def _validation_parts(train: Interactions, protocol: str, seed: int) -> list[Split]:
    parts = []
    for fold in range(FOLDS):
        parts.append(split(train, protocol, seed + 1 + fold))
        if protocol in ("leave-one-out", "temporal"):
            train = parts[-1].train
    return parts


def _suggest(trial: Any, name: str, where: Range | tuple[Any, ...], default: Any) -> Any:
    if not isinstance(where, Range):
        return trial.suggest_categorical(name, list(where))
    if isinstance(default, int):
        return trial.suggest_int(name, int(where.low), int(where.high), log=where.log)
    return trial.suggest_float(name, where.low, where.high, log=where.log)


def _within(default: Any, where: Range | tuple[Any, ...]) -> Any:
    """The default if it is in the search space, otherwise the nearest value that is."""
    if isinstance(where, Range):
        return type(default)(min(max(default, where.low), where.high))
    return default if default in where else where[0]


def _ended(trial: Any) -> bool:
    """Whether a trial finished or diverged, rather than being interrupted."""
    return trial.state.name in ("COMPLETE", "PRUNED") or DIVERGED in trial.user_attrs


def _completed(study: Any) -> bool:
    return any(one.state.name == "COMPLETE" for one in study.get_trials(deepcopy=False))


def _digest(dataset: Dataset, given: Mapping[str, Any]) -> str:
    """A short hash of the interactions and the fixed options."""
    log, digest = dataset.interactions, hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode())
    for column in (log.user_ids, log.item_ids, log.ratings, log.timestamps):
        if column is not None:
            digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:12]


class _Quiet(ForwardingJob):
    """A job that forwards everything but progress."""

    def report(self, progress: Progress) -> None:
        pass


class _QuietInThreads(_Quiet):
    """The same for several threads: only the thread that has the device may give way to others at a checkpoint."""

    def checkpoint(self) -> None:
        if self.cancelled:
            raise CancelledError
