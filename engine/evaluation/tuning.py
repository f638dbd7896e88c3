"""Looking for good options of a model: with Optuna, on a validation part, kept on disk and gone on with."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.errors import DataError, ErrorKind, LearningError, OptionError, RecsysError
from engine.evaluation.runner import AT, evaluate_split, learnable, protocol_for
from engine.evaluation.splitters import Split, split
from engine.models import Range
from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.interactions import Interactions
    from engine.search.encoder.encoder import Vectors

#: On how many validation parts each trial is measured; between them it may be cut short.
FOLDS = 2
#: Figures of which less is better; of all others more is.
_ERRORS = ("rmse", "mae")
#: Marks of trials.
_DEFAULTS, _DIVERGED = "defaults", "diverged"


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search for options came to.

    Attributes
    ----------
    model, dataset, protocol, seed
        What was tuned, on what, how parted.
    metric
        What the options were chosen by.
    best_options
        Those found, with the ones that were given.
    best_value, default_value
        The metric of these and of the defaults, the mean over the validation parts; None if the defaults failed.
    finished, pruned
        How many trials there have been in all, and how many of them were cut short.
    path
        Where the search is kept.
    note
        What the figures mean.
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


def tune(
    dataset: Dataset,
    name: str,
    trials: int,
    folder: Path,
    *,
    protocol: str | None = None,
    timeout: float | None = None,
    metric: str | None = None,
    seed: int = 42,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    job: Job | None = None,
    item_vectors: Vectors | None = None,
) -> Tuned:
    """Look for options: tree-structured Parzen estimators (Bergstra et al., 2011), poor trials cut short.

    The test part of the protocol is set aside first and never looked at. What remains is parted by the same protocol
    again: a trial learns from the one part and is measured on the other. With ``random`` and ``user`` the second
    validation part is another draw; with ``leave-one-out`` and ``temporal`` it lies before the first in time. A trial
    that is worse than the median of the earlier ones on the first part is not measured on the second. The first trial
    takes the defaults.

    Parameters
    ----------
    dataset
        What to tune for.
    name
        Of the model; its registry entry says where to look.
    trials
        How many there are to be in all, with those of earlier calls.
    folder
        Where the search is kept: a file a model, protocol, metric, seed and content of the data set.
    protocol
        As of :func:`engine.evaluation.runner.evaluate`.
    timeout
        Begin no trial after so many seconds.
    metric
        What to choose by: by default ``rmse`` where the protocol is ``random`` and the model predicts ratings, else
        ``ndcg@10``.
    seed
        Of the parts, of the models and of the search.
    options
        Options that are not to be searched for.
    device
        What computes.
    job
        Takes the progress and may be cancelled; the trial that is running is then lost, the others are kept.
    item_vectors
        As of :func:`engine.evaluation.runner.evaluate`.

    Raises
    ------
    RecsysError
        If Optuna is not installed, no trial succeeds, or the data set is too small to be parted twice.
    OptionError
        If the model has nothing to search for, or the metric is none that it has.
    """
    job = job or Job()
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    except ImportError as error:
        raise RecsysError(
            "Tuning needs the package optuna, which is not installed.", kind=ErrorKind.MISSING_PACKAGE, name="optuna"
        ) from error
    spec = models.get(name)
    given = {option: spec.options[option].read(option, value) for option, value in _checked(spec, options).items()}
    space = {option: one.search for option, one in spec.options.items() if one.search and option not in given}
    if not space:
        raise OptionError(
            f"The model {name} has no options to search for.",
            kind=ErrorKind.NOTHING_TO_TUNE,
            name=name,
            dataset=dataset.name,
        )
    protocol = protocol_for([name], protocol)
    metric = metric or ("rmse" if protocol == "random" and "ratings" in spec.needs else f"ndcg@{AT}")
    parts = _validation_parts(split(dataset.interactions, protocol, seed).train, protocol, seed)
    learnt = learnable(parts[0].train, spec)
    defaults = spec.defaults_for(len(learnt), learnt.num_items - 1)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / f"{name}-{protocol}-{metric.replace('@', '-at-')}-{seed}-{_digest(dataset, given)}.journal"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that this storage is young, and that its lock is chosen
            lock = JournalFileOpenLock(str(path))
            _mend(path, lock)
            storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
            study = optuna.create_study(
                study_name=name,
                storage=storage,
                load_if_exists=True,
                direction="minimize" if metric in _ERRORS else "maximize",
                pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=0),
            )
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: the earlier search cannot be read: move it away to begin anew.") from error

    def finished() -> list[Any]:
        return [one for one in study.get_trials(deepcopy=False) if _ended(one)]

    earlier = len(finished())
    # Another seed at each call: else a search that goes on would first propose again what it has tried.
    study.sampler = optuna.samplers.TPESampler(seed=seed + earlier, multivariate=False)
    if not earlier:
        start = {option: _within(defaults[option], where) for option, where in space.items()}
        study.enqueue_trial(start, user_attrs={_DEFAULTS: True})

    def objective(trial: Any) -> float:
        job.checkpoint()
        chosen = {option: _suggest(trial, option, where, defaults[option]) for option, where in space.items()}
        values: list[float] = []
        for fold, part in enumerate(parts):
            try:
                report = evaluate_split(
                    dataset,
                    name,
                    part,
                    protocol,
                    seed=seed + fold,
                    options={**given, **chosen},
                    device=device,
                    job=quiet,
                    item_vectors=item_vectors,
                )
            except LearningError:
                trial.set_user_attr(_DIVERGED, True)
                raise
            if metric not in report.metrics:
                raise OptionError(
                    f"{name} has no figure {metric!r} by the protocol {protocol}: it has {', '.join(report.metrics)}."
                )
            values.append(report.metrics[metric])
            trial.report(float(np.mean(values)), fold)
            if fold + 1 < len(parts) and trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(values))

    def tell(study: Any, trial: Any) -> None:
        done = len(finished())
        best = {"best": float(study.best_value)} if _completed(study) else {}
        job.report(Progress(f"tuning {name}", done, max(trials, done), "trials", best))

    quiet = _Quiet(job)
    tell(study, None)
    if earlier < trials:
        # Diverging is an answer too: these options are bad, go on with others.
        study.optimize(objective, n_trials=trials - earlier, timeout=timeout, catch=(LearningError,), callbacks=[tell])
    if not _completed(study):
        raise RecsysError(f"No trial of {name} succeeded: each diverged, or time ran out before the first was done.")
    best = {**given, **{name: _plain(value) for name, value in study.best_params.items()}}
    return _outcome(dataset, name, protocol, seed, metric, best, study, finished(), path)


def _outcome(
    dataset: Dataset,
    name: str,
    protocol: str,
    seed: int,
    metric: str,
    best: dict[str, Any],
    study: Any,
    finished: list[Any],
    path: Path,
) -> Tuned:
    return Tuned(
        model=name,
        dataset=dataset.name,
        protocol=protocol,
        seed=seed,
        metric=metric,
        best_options=best,
        best_value=float(study.best_value),
        default_value=next((one.value for one in finished if _DEFAULTS in one.user_attrs), None),
        finished=len(finished),
        pruned=sum(one.state.name == "PRUNED" for one in finished),
        path=str(path),
        note=f"Chosen on {FOLDS} validation parts of the training part; the test part of the {protocol} split (seed "
        f"{seed}) was not looked at. The best of many trials is flattered: measure it once on the test part.",
    )


def _checked(spec: models.ModelSpec, options: Mapping[str, Any] | None) -> Mapping[str, Any]:
    spec.read_options(options or {})
    return options or {}


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
    """The default where it can be found, else the nearest that can."""
    if isinstance(where, Range):
        return type(default)(min(max(default, where.low), where.high))
    return default if default in where else where[0]


def _plain(value: Any) -> Any:
    """A float with no more digits than matter."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _ended(trial: Any) -> bool:
    """Whether a trial came to an end of its own: one that was interrupted did not."""
    return trial.state.name in ("COMPLETE", "PRUNED") or _DIVERGED in trial.user_attrs


def _completed(study: Any) -> bool:
    return any(one.state.name == "COMPLETE" for one in study.get_trials(deepcopy=False))


def _mend(path: Path, lock: Any) -> None:
    """Take off a last line that a killed writer left unfinished: else the next one would be glued to it."""
    if not path.is_file():
        return
    lock.acquire()
    try:
        with path.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
    finally:
        lock.release()


def _digest(dataset: Dataset, given: Mapping[str, Any]) -> str:
    """A few letters that are others for other interactions, or other options that are not searched for."""
    log, digest = dataset.interactions, hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode())
    for column in (log.user_ids, log.item_ids, log.ratings, log.timestamps):
        if column is not None:
            digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:12]


class _Quiet(Job):
    """Passes on a cancel and each checkpoint; of the progress only that of the trials is told."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def cancel(self) -> None:
        self._job.cancel()

    @property
    def cancelled(self) -> bool:
        return self._job.cancelled

    def checkpoint(self) -> None:
        self._job.checkpoint()
