"""One training of a model on a data set at a time, also between processes: the second one takes over the result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import BusyError
from engine.runtime.job import Job, Progress
from engine.storage.lock import LONG_WAIT, Holder, holder_of, locked, report_wait
from engine.workspace.layout import LOCKS

if TYPE_CHECKING:
    from engine.data.results import FitReport
    from engine.workspace.dataset_store import Workspace
    from engine.workspace.model_store import ModelStore


#: How the purpose of a training begins.
_TRAINING = "training "


@contextmanager
def no_training(workspace: Workspace, dataset: str) -> Iterator[None]:
    """Keep models from being trained on a data set.

    Raises
    ------
    BusyError
        If one is being trained.
    """
    with ExitStack() as held:
        for path in sorted((workspace.folder / LOCKS / dataset).glob("*.lock")):
            holder = holder_of(path)
            is_free = held.enter_context(locked(path, wait=False, purpose=f"changing {dataset}"))
            if not is_free and holder.purpose.startswith(_TRAINING):  # exports have locks there, too, and are no matter
                raise BusyError(
                    f"{path.stem} is being trained on {dataset!r} by {holder.describe(purpose=False)}: wait until that "
                    "ends, or stop it, and try again.",
                    name=path.stem,
                    dataset=dataset,
                    pid=holder.pid,
                    host=holder.host,
                    since=holder.since,
                    purpose=holder.purpose,
                )
        yield


@contextmanager
def training(
    store: ModelStore,
    model: str,
    options: Mapping[str, Any],
    seed: int,
    job: Job,
    *,
    validate: bool = False,
    fresh: bool = False,
) -> Iterator[FitReport | None]:
    """Hold the right to train a model, after waiting for another process that trains it.

    Parameters
    ----------
    store
        The models of the data set.
    model, options, seed
        What is to be trained.
    job
        Reports for whom it waits, and may be cancelled.
    validate, fresh
        How it is to be trained; see :meth:`engine.session.models.ModelService.train`.

    Yields
    ------
    FitReport or None
        The report of the other process, if it has trained and stored the model in the same way meanwhile, so that
        there is nothing left to train; None if the caller is to train.

    Raises
    ------
    BusyError
        If another process trains the model in another way, or does not end.
    """
    asked = {"options": dict(options), "seed": seed, "validate": validate, "fresh": fresh}
    wanted = json.dumps(asked, sort_keys=True, default=str)
    report = report_wait(job)
    awaited: list[tuple[Holder, str | None]] = []

    def on_wait(holder: Holder) -> None:
        if holder.details not in ("", wanted):
            raise BusyError(
                f"{model} is being trained on {store.dataset!r} by {holder.describe(purpose=False)} with other "
                "options, another seed or another start: wait until that ends, or stop it, and try again.",
                name=model,
                dataset=store.dataset,
                pid=holder.pid,
                host=holder.host,
                since=holder.since,
                purpose=holder.purpose,
            )
        if holder.details and not awaited:
            awaited.append((holder, store.version(model)))
        report(holder)

    path = store.lock_file(model)
    with locked(path, purpose=f"{_TRAINING}{model}", details=wanted, timeout=LONG_WAIT, on_wait=on_wait):
        taken_over = None
        for holder, before in awaited:
            # It may have stored the model between taking the lock and the first look at it.
            is_stored = store.version(model) != before or (store.trained_at(model) or "") > holder.since
            # If the data set was updated after that training had begun, there is more to learn.
            if is_stored and store.before_update(model) is None:
                taken_over = store.report(model)
                job.report(Progress(f"taking over {model}, trained by {holder.describe(purpose=False)}"))
        yield taken_over
