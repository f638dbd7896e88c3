"""Recording of runs: what is trained, measured and tuned leaves a record with the data set, however it ends."""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.runs import RunKind, RunRecord, ValidationCurve
from engine.data.study import Study
from engine.errors import CancelledError, RecsysError
from engine.runtime.job import ForwardingJob, Job, Progress, validation_of
from engine.session.loggers.registry import RunLoggers
from engine.session.open_dataset import OpenDataset
from engine.storage.paths import find_paths
from engine.version import __version__
from engine.workspace.run_files import data_fingerprint
from engine.workspace.run_store import RunStore

if TYPE_CHECKING:
    from engine.data.results import FitReport
    from engine.evaluation.config import EvaluationConfig
    from engine.evaluation.runner import Evaluation
    from engine.evaluation.tuning import Tuned
    from engine.models import ModelSpec

#: The most users whose values are kept with an evaluation, some tens of megabytes; of more users it is a sample.
MOST_USERS = 500_000
#: The entry of ``about`` with the number of users of whom a sample was kept.
SAMPLED_FROM = "values_sampled_from"
_log = logging.getLogger(__name__)


class RunDraft:
    """A run that is under way.

    Parameters
    ----------
    run
        What is known at its beginning.
    job
        Receives the progress and may cancel.

    Attributes
    ----------
    job
        The job to give to the computation: it also notes the loss of each epoch, and the trials of a search.
    """

    def __init__(self, run: RunRecord, job: Job) -> None:
        self.run = run
        self.values: dict[str, Any] | None = None
        self.job = _NotingJob(job)

    def trained(self, report: FitReport, model_id: str | None) -> None:
        """Note the result of a training."""
        self._take(report)
        self.run = replace(self.run, model_id=model_id)

    def evaluated(self, evaluation: Evaluation) -> None:
        """Note the result of an evaluation, with the values of each user and the lists."""
        import numpy as np

        from engine.evaluation.runner import sample_users

        self._take(evaluation.report)
        if len(evaluation.values.users) > MOST_USERS:
            about = {**self.run.about, SAMPLED_FROM: len(evaluation.values.users)}
            self.run = replace(self.run, about=about)
            evaluation = sample_users(evaluation, MOST_USERS)
        values = evaluation.values
        self.values = {
            "users": values.users.astype(np.int64),
            "case_users": evaluation.users.astype(np.int64),
            "lists": evaluation.lists.astype(np.int32),
            "owners": evaluation.owners.astype(np.int32),
            "targets": evaluation.targets.astype(np.int32),
        }
        for name in values.sums:
            self.values[f"sum.{name}"] = values.sums[name].astype(np.float64)
            self.values[f"count.{name}"] = values.counts[name].astype(np.float32)

    def tuned(self, outcome: Tuned) -> None:
        """Note the result of tuning: the best options, and their metric on the validation parts."""
        about = {
            "default_value": outcome.default_value,
            "finished": outcome.finished,
            "pruned": outcome.pruned,
            "note": outcome.note,
        }
        self.run = replace(
            self.run,
            protocol=outcome.protocol,
            options={**self.run.options, **outcome.best_options},
            metrics={outcome.metric: outcome.best_value},
            study=outcome.study,
            about=about,
        )

    def interrupted(self) -> None:
        """Note the result of a search that was stopped: the best trial so far."""
        study = self.job.study
        if study is None:
            return
        best = study.best
        self.run = replace(
            self.run,
            protocol=study.protocol,
            options={**self.run.options, **study.best_options},
            metrics={} if best is None or best.value is None else {study.metric: best.value},
            study=study,
            about={
                "default_value": study.default_value,
                "finished": sum(trial.state in ("finished", "pruned", "diverged") for trial in study.trials),
                "pruned": sum(trial.state == "pruned" for trial in study.trials),
            },
        )

    def _take(self, report: FitReport) -> None:
        kept = {name: value for name, value in self.run.options.items() if name == "random_state"}
        self.run = replace(
            self.run,
            options={**report.options, **kept},
            protocol=report.protocol,
            metrics=report.metrics,
            intervals=report.intervals,
            segments=report.segments,
            about=report.about,
            num_test=report.num_test,
            seconds=report.seconds,
        )


class RunRecorder:
    """Records the runs on one data set.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened
        self.store = RunStore(opened.workspace, opened.name)

    @cached_property
    def _loggers(self) -> RunLoggers:
        settings = self._opened.settings
        if not settings.run_loggers:
            return RunLoggers((), Path())
        folder = settings.run_loggers_folder
        return RunLoggers(
            settings.run_loggers, Path(os.path.expanduser(folder)) if folder else find_paths().state / "run-loggers"
        )

    @property
    def data(self) -> str:
        """The hash of the data set's tables, by which runs are compared."""
        manifest = self._opened.manifest
        return data_fingerprint(manifest.fingerprints, manifest.files)

    @contextmanager
    def recording(
        self,
        kind: RunKind,
        model: str,
        options: Mapping[str, Any],
        job: Job,
        *,
        seed: int | None,
        protocol: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Iterator[RunDraft]:
        """Record what happens in the block; a run that fails or is stopped is recorded as such.

        That a record cannot be written is logged and reported, and is no error: the work itself is done.
        """
        run = RunRecord(
            0,
            kind,
            "finished",
            model,
            self._opened.name,
            datetime.now(UTC).isoformat(timespec="seconds"),
            options=dict(options),
            seed=seed,
            protocol=protocol,
            settings=dict(settings or {}),
            data=self.data,
            version=__version__,
        )
        draft = RunDraft(run, job)
        begun = time.perf_counter()
        try:
            yield draft
        except (CancelledError, KeyboardInterrupt):
            draft.interrupted()
            draft.run = replace(draft.run, state="stopped")
            raise
        except RecsysError as error:
            draft.run = replace(draft.run, state="failed", error=str(error))
            raise
        except Exception as error:
            draft.run = replace(draft.run, state="failed", error=f"unexpected: {type(error).__name__}")
            raise
        finally:
            self._add(draft, time.perf_counter() - begun)

    def _add(self, draft: RunDraft, seconds: float) -> None:
        run = replace(
            draft.run,
            seconds={**draft.run.seconds, "total": seconds},
            losses=draft.job.losses,
            validation=draft.job.validation,
            machine=describe_machine(self._opened.device),
        )
        try:
            run = self.store.add(run, draft.values)
        except RecsysError as error:
            _log.warning("a run of %s on %s was not recorded: %s", run.model, run.dataset, error)
            draft.job.report(Progress(f"the run was not recorded: {error}"))
        for sentence in self._loggers.log(run):
            draft.job.report(Progress("logging the run", warning=sentence))


def recorded_options(spec: ModelSpec, given: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """All options of a run, with the seed that the model gets; the device is recorded with the machine."""
    known = {name: value for name, value in spec.read_options(given).items() if name != "device"}
    if "random_state" in known and "random_state" not in given:
        known["random_state"] = seed
    return known


def evaluation_settings(config: EvaluationConfig) -> dict[str, Any]:
    """The settings of an evaluation beside its protocol and seed; ``given`` are the options that are not defaults."""
    return {
        "k": config.k,
        "seeds": config.seeds,
        "filter_seen": config.filter_seen,
        "ties": config.ties,
        "segments": config.segments,
        "given": {name: str(value) for name, value in sorted(config.options.items())},
    }


def describe_machine(device: str) -> dict[str, Any]:
    """The machine: its name, system, Python, processors, the device that computes and, if it is loaded, torch."""
    described: dict[str, Any] = {
        "host": platform.node(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cpus": os.cpu_count() or 0,
        "device": device,
    }
    if torch := sys.modules.get("torch"):
        from engine.runtime.device import describe, resolve

        described["torch"] = str(torch.__version__)
        with suppress(RecsysError):  # if the device was refused, this is why the run failed
            described["device"] = describe(resolve(device))
    return described


class _NotingJob(ForwardingJob):
    """A job that forwards everything, and notes the last reported loss of each epoch, and the last study."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.study: Study | None = None
        self._losses: dict[int, float] = {}
        self._figures: dict[int, float] = {}
        self._metric = ""

    @property
    def losses(self) -> tuple[float, ...]:
        """The losses in the order of the epochs."""
        return tuple(self._losses[epoch] for epoch in sorted(self._losses))

    @property
    def validation(self) -> ValidationCurve | None:
        """The validation figures in the order of the epochs."""
        epochs = tuple(sorted(self._figures))
        return ValidationCurve(self._metric, epochs, tuple(self._figures[one] for one in epochs)) if epochs else None

    def report(self, progress: Progress) -> None:
        if (figure := validation_of(progress)) is not None:
            self._metric = figure[0]
            self._figures[int(progress.values["epoch"])] = figure[1]
        if "epoch" in progress.values and "loss" in progress.values:
            self._losses[int(progress.values["epoch"])] = float(progress.values["loss"])
        if isinstance(progress.detail, Study):
            self.study = progress.detail
        self._job.report(progress)
