"""Fitting a model on one part of a data set and measuring it on the other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine import models
from engine.errors import OptionError, RecsysError
from engine.evaluation import mrr_score, rmse_score, sequence_mrr_score
from engine.histories import Histories
from engine.job import Job, Progress
from engine.protocols import Split, split
from engine.ranking import list_metrics, top_k
from engine.recommender import rating_doubt
from engine.results import FitReport

if TYPE_CHECKING:
    from engine.dataset import Dataset
    from engine.interactions import Interactions, SequenceInteractions

#: The protocol of a task where none is asked for.
DEFAULT_PROTOCOL = {"user": "random", "sequence": "user"}
_AT = 10
_ASKED_AT_ONCE = 256
#: Task -> protocol that makes no sense for it -> why.
_UNSUITED = {
    "user": {"user": "it knows only the users that it was trained on"},
    "sequence": {"random": "a part drawn at random leaves no sequences whole"},
}


#: How many items a training sequence has at most.
MAX_SEQUENCE_LENGTH = 10


def train(
    dataset: Dataset,
    name: str,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 42,
    device: str = "auto",
    job: Job | None = None,
) -> tuple[Any, FitReport]:
    """Train a model on a whole data set.

    Parameters
    ----------
    dataset
        What to learn from.
    name
        Of the model.
    options
        Of the model; text is understood as the command line gives it.
    seed
        Of the model.
    device
        What computes.
    job
        Takes the progress and may be cancelled.

    Returns
    -------
    model, FitReport
        The trained model, and how long it took.
    """
    spec = models.get(name)
    model = _create(name, options, seed, device)
    seconds = {"fit": _fit(model, spec, learnable(dataset, spec), job)}
    return model, FitReport(name, dataset.name, None, seed, {}, seconds, None, options=model.options())


def _create(name: str, options: Mapping[str, Any] | None, seed: int, device: str) -> Any:
    return models.create(name, **{"random_state": seed, "device": device, **(options or {})})


def learnable(dataset: Dataset, spec: models.ModelSpec) -> Interactions:
    """The interactions that a model can learn from: rated ones only, where it needs ratings."""
    return dataset.rated() if "ratings" in spec.needs else dataset.interactions


def _fit(model: Any, spec: models.ModelSpec, interactions: Interactions, job: Job | None) -> float:
    """Fit a model on interactions, or on the sequences they make; the seconds it took."""
    data = interactions if spec.task == "user" else interactions.to_sequence(MAX_SEQUENCE_LENGTH)
    begun = time.perf_counter()
    model.fit(data, job=job)
    return time.perf_counter() - begun


def evaluate(
    dataset: Dataset,
    name: str,
    *,
    protocol: str | None = None,
    seed: int = 42,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
    job: Job | None = None,
) -> FitReport:
    """Train a model on a part of a data set and measure it on the rest.

    All items that occur in the interactions are ranked. For a user model the user's training items are left out of
    the ranking; for a sequence model, the items of the sequence.

    Parameters
    ----------
    dataset
        What to part.
    name
        Of the model.
    protocol
        As :func:`engine.protocols.split` takes it; by default ``"random"`` for a user model and ``"user"`` for a
        sequence model.
    seed
        Of the split and of the model.
    options
        Of the model.
    device
        What computes.
    job
        Takes the progress and may be cancelled.

    Returns
    -------
    FitReport
        ``rmse`` and ``mae`` where the model predicts ratings and the test part has them; ``mrr`` (see
        :func:`engine.evaluation.mrr_score`), and those of :func:`engine.ranking.list_metrics` for lists of ten.

    Raises
    ------
    OptionError
        If the protocol does not suit the model.
    """
    job = job or Job()
    spec = models.get(name)
    protocol = protocol or DEFAULT_PROTOCOL[spec.task]
    if protocol in _UNSUITED[spec.task]:
        raise OptionError(f"{name} cannot be evaluated by the protocol {protocol}: {_UNSUITED[spec.task][protocol]}.")
    model = _create(name, options, seed, device)
    whole = learnable(dataset, spec)
    parts = split(whole, protocol, seed)

    fitted = _fit(model, spec, parts.train, job)
    job.report(Progress(f"measuring {name}"))
    job.checkpoint()
    begun = time.perf_counter()
    if spec.task == "user":
        metrics, num_test = _measure_users(model, parts, "ratings" in spec.needs), len(parts.test)
    else:
        metrics, num_test = _measure_sequences(model, _test_sequences(whole, parts.test, protocol))
    return FitReport(
        model=name,
        dataset=dataset.name,
        protocol=protocol,
        seed=seed,
        metrics=metrics,
        seconds={"fit": fitted, "evaluate": time.perf_counter() - begun},
        num_test=num_test,
        options=model.options(),
    )


def _test_sequences(whole: Interactions, test: Interactions, protocol: str) -> SequenceInteractions:
    """What a sequence model is asked: the last item of each sequence, given those before it."""
    if protocol == "leave-one-out":
        # A step longer than any history leaves each user's latest window, which ends with the one left out.
        latest = whole.to_sequence(MAX_SEQUENCE_LENGTH + 1, 2, step_size=len(whole) + 1)
        assert latest.user_ids is not None
        return latest.select(np.isin(latest.user_ids, test.user_ids))
    sequences = test.to_sequence(MAX_SEQUENCE_LENGTH, 2)
    if not len(sequences):
        raise RecsysError("No sequence of two items is left to test with: the data set is too small.")
    return sequences


def _measure_users(model: Any, parts: Split, rates: bool) -> dict[str, float]:
    train, test = parts.train, parts.test
    metrics = {}
    if rates and test.ratings is not None:
        metrics["rmse"] = rmse_score(model, test)
        metrics["mae"] = float(np.abs(model.predict(test.user_ids, test.item_ids) - test.ratings).mean())
    metrics["mrr"] = float(mrr_score(model, test, train).mean())
    users, owners = np.unique(test.user_ids, return_inverse=True)
    histories = Histories(train)
    known = [histories.items(int(user)) for user in users]
    lists = _top_lists(model, users, known, rating_doubt(train) if rates else None)
    return {**metrics, **list_metrics(lists, owners, test.item_ids, test.num_items)}


def _measure_sequences(model: Any, test: SequenceInteractions) -> tuple[dict[str, float], int]:
    before, targets = test.sequences[:, :-1], test.sequences[:, -1]
    mrr = float(sequence_mrr_score(model, test, exclude_preceding=True).mean())
    lists = _top_lists(model, before, before)
    return {"mrr": mrr, **list_metrics(lists, np.arange(len(lists)), targets, test.num_items)}, len(lists)


def _top_lists(
    model: Any,
    asked: npt.NDArray[Any],
    known: Sequence[npt.NDArray[Any]] | npt.NDArray[Any],
    doubt: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.int64]:
    """The first items for each user or sequence, without those it knows; 0 where fewer are left.

    ``doubt`` is taken off the scores, as a recommender does: what is measured is what people are shown.
    """
    lists = np.zeros((len(asked), _AT), dtype=np.int64)
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        for row, scores in enumerate(_scores(model, asked[start : start + _ASKED_AT_ONCE]), start):
            if doubt is not None:
                scores -= doubt
            scores[0] = -np.inf
            scores[known[row]] = -np.inf
            best = top_k(scores, _AT)
            lists[row, : len(best)] = best
    return lists


def _scores(model: Any, asked: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The scores of all items, one row for each user or sequence, to write to."""
    if hasattr(model, "scores"):
        return np.array(model.scores(asked).cpu().numpy(), dtype=np.float32)
    return np.stack([np.array(model.predict(one), dtype=np.float32) for one in asked])
