"""Validation figures of a model while it is trained, within a share of the training's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.errors import RecsysError
from engine.evaluation.cases import Cases
from engine.evaluation.predict import batch_score
from engine.evaluation.splitters import Split
from engine.interactions import Interactions
from engine.ranking import accuracy
from engine.runtime.job import VALIDATION, ForwardingJob, Job, Progress

if TYPE_CHECKING:
    from engine.models.contract import Model

#: The most cases by which a model is measured after an epoch.
MOST_CASES = 200
#: The most interactions that a training holds out, as a share of all.
HELD_OUT_SHARE = 0.01
#: The share of the training's time that measuring may take.
TIME_SHARE = 0.1
_K = 10


class Validation:
    """Cases by which a model is measured after each epoch, as far as there is time.

    Nothing is chosen by the figures, so they change no training.

    Parameters
    ----------
    cases
        The cases.
    rating_range
        The range of the training ratings for a model that predicts ratings: it is then measured by ``rmse``, if the
        cases have ratings, and else by ``ndcg@10``.
    time_share
        The share of the training's time that measuring may take; None for :data:`TIME_SHARE`. The first epoch is always
        measured; a later one is left out if measuring has taken more.
    clock
        Seconds.

    Attributes
    ----------
    metric
        The name of the metric.
    seconds
        How long measuring has taken.
    """

    def __init__(
        self,
        cases: Cases,
        rating_range: tuple[float, float] | None,
        *,
        time_share: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._cases, self._clock = cases, clock
        self._time_share = TIME_SHARE if time_share is None else time_share
        self._rating_range = rating_range if len(cases.rated) else None
        self.metric = f"ndcg@{_K}" if self._rating_range is None else "rmse"
        self.seconds = 0.0
        self._last = 0.0
        self._begun = clock()

    def begin(self) -> None:
        """Count the training's time from now on."""
        self._begun = self._clock()

    def measure(self, model: Model, job: Job) -> float | None:
        """The figure of the model as it is now; None if there is no time for it, or it cannot be measured."""
        begun = self._clock()
        trained = begun - self._begun - self.seconds
        if self.seconds and self.seconds + self._last > self._time_share * trained:
            return None
        try:
            return self._measure(model, job)
        except (RecsysError, torch.OutOfMemoryError):
            if job.cancelled:
                raise
            return None  # a training that has diverged says so itself
        finally:
            self._last = self._clock() - begun
            self.seconds += self._last

    def _measure(self, model: Model, job: Job) -> float | None:
        cases = self._cases
        with torch.no_grad():
            found = batch_score(
                model, cases, k=_K, filter_seen=True, rating_range=self._rating_range, job=_WithoutReports(job)
            )
        if self._rating_range is not None:
            assert found.predicted is not None
            assert cases.rated.ratings is not None
            figure = float(np.sqrt(np.mean((found.predicted - cases.rated.ratings) ** 2)))
        else:
            by_list = accuracy(found.lists, cases.owners, cases.targets, cases.rated.num_items)[self.metric]
            figure = float(np.nanmean(by_list))
        return figure if np.isfinite(figure) else None


class ValidatingJob(ForwardingJob):
    """A job that measures a model after each epoch and reports the figure; it forwards everything else.

    Parameters
    ----------
    job
        The job of the training.
    model
        The model that is trained.
    validation
        By what it is measured.
    """

    def __init__(self, job: Job, model: Model, validation: Validation) -> None:
        super().__init__(job)
        self._model, self._validation = model, validation
        self._progress = Progress("training")

    def report(self, progress: Progress) -> None:
        """Report the progress."""
        self._progress = progress
        super().report(progress)

    @property
    def watches_epochs(self) -> bool:
        """Whether the end of an epoch matters: always."""
        return True

    def epoch_ended(self, epoch: int, model: object) -> None:
        """Measure the model, unless it is only a part of the one that is measured."""
        super().epoch_ended(epoch, model)
        figure = self._validation.measure(self._model, self) if model is self._model else None
        if figure is not None:
            values = {**self._progress.values, "epoch": epoch, VALIDATION + self._validation.metric: figure}
            super().report(replace(self._progress, values=values))


class _WithoutReports(ForwardingJob):
    def report(self, progress: Progress) -> None:
        pass


def some_cases(cases: Cases, seed: int, count: int = MOST_CASES) -> Cases:
    """Some cases, drawn at random, with the ratings that belong to them."""
    if len(cases) <= count:
        return cases
    kept = np.sort(np.random.RandomState(seed).permutation(len(cases))[:count])
    position = np.full(len(cases) + 1, -1)  # the last element stands for ratings without a case
    position[kept] = np.arange(count)
    asked, rated = position[cases.owners], position[cases.rated_owners]
    return replace(
        cases,
        users=cases.users[kept],
        known=cases.known.select(kept),
        ratings=None if cases.ratings is None else cases.ratings.select(kept),
        owners=asked[asked >= 0],
        targets=cases.targets[asked >= 0],
        rated=cases.rated.select(rated >= 0),
        rated_owners=rated[rated >= 0],
    )


def hold_out(interactions: Interactions, seed: int) -> Split | None:
    """Hold out the latest interaction of some users, or a random one where there are no times.

    Parameters
    ----------
    interactions
        All interactions.
    seed
        Draws the users: at most :data:`MOST_CASES`, of those with three interactions or more, and no more interactions
        than :data:`HELD_OUT_SHARE` of all.

    Returns
    -------
    Split or None
        The rest, and what is held out; None if the data is too small.
    """
    random = np.random.RandomState(seed)
    counts = np.bincount(interactions.user_ids, minlength=interactions.num_users)
    able = np.flatnonzero(counts >= 3)
    number = min(MOST_CASES, len(able), int(len(interactions) * HELD_OUT_SHARE))
    if not number:
        return None
    chosen = random.permutation(able)[:number]
    ages = interactions.timestamps if interactions.timestamps is not None else random.rand(len(interactions))
    order = np.lexsort((ages, interactions.user_ids))
    last = order[np.append(np.diff(interactions.user_ids[order]) != 0, True)]
    held_out = np.zeros(len(interactions), dtype=bool)
    held_out[last[np.isin(interactions.user_ids[last], chosen)]] = True
    return Split(interactions.select(~held_out), interactions.select(held_out))
