"""Tests of explanations: the item that is named as the cause of a recommendation is taken away, and one at random.

If the named cause is one, the score falls more without it than without another item of the history. This is the
deletion test of Samek et al. ("Evaluating the visualization of what a deep neural network has learned", 2017).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.recommender import Recommender


@dataclass(frozen=True, slots=True)
class RemovalTest:
    """What taking items away from histories did to the scores of what was recommended.

    Attributes
    ----------
    named
        How much the score of the recommended item fell without the item that was named as its cause, one for each
        history.
    random
        How much it fell without another item of the same history, drawn at random.
    """

    named: npt.NDArray[np.float64]
    random: npt.NDArray[np.float64]

    @property
    def share_lowered(self) -> float:
        """The share of the histories in which the score is lower without the named cause."""
        return float(np.mean(self.named > 0))

    @property
    def share_larger(self) -> float:
        """The share of the histories in which it falls more without the named cause than without the random item."""
        return float(np.mean(self.named > self.random))


def removal_of_history(recommender: Recommender, users: Sequence[int], seed: int = 0) -> RemovalTest:
    """Test the explanations of a model of users, for the first recommendation of each user.

    Parameters
    ----------
    recommender
        The model and its data set. The model must fold in and explain.
    users
        Internal ids. Users with fewer than three items, and those to whom nothing can be recommended, are left out.
    seed
        Draws the random items.
    """
    return _test(_history_cases(recommender, users, np.random.RandomState(seed)))


def removal_of_sequence(
    recommender: Recommender, sequences: Sequence[npt.NDArray[np.int64]], seed: int = 0
) -> RemovalTest:
    """Test the explanations of a model of sequences, for the item that is most likely to come next.

    Parameters
    ----------
    recommender
        The model and its data set.
    sequences
        Internal ids, oldest first. Sequences with fewer than three items are left out.
    seed
        Draws the random items.
    """
    return _test(_sequence_cases(recommender, sequences, np.random.RandomState(seed)))


def _test(cases: Iterator[tuple[float, float]]) -> RemovalTest:
    drops = np.array(list(cases), dtype=np.float64).reshape(-1, 2)
    return RemovalTest(drops[:, 0], drops[:, 1])


def _history_cases(
    recommender: Recommender, users: Sequence[int], draw: np.random.RandomState
) -> Iterator[tuple[float, float]]:
    dataset = recommender.dataset
    for user in users:
        history = recommender.user_index.history(user)
        if recommender.rating_range is not None and history.ratings is not None:
            history = history.select(~np.isnan(history.ratings))
        if len(history) < 3:
            continue
        best = recommender.recommend(dataset.users.decode_one(user), 1)
        explained = recommender.explain_to(history, best[0].item.item_id, 1) if best else []
        if not explained:
            continue
        target, cause = best[0].item.internal_id, explained[0].item.internal_id
        other = int(draw.choice(history.items[history.items != cause]))
        whole, without_cause, without_other = (
            float(recommender.scores_for(one)[1][target])
            for one in (history, history.without(cause), history.without(other))
        )
        yield whole - without_cause, whole - without_other


def _sequence_cases(
    recommender: Recommender, sequences: Sequence[npt.NDArray[np.int64]], draw: np.random.RandomState
) -> Iterator[tuple[float, float]]:
    for sequence in sequences:
        if len(sequence) < 3:
            continue
        best = recommender.next_items(sequence.tolist(), 1)
        explained = recommender.explain_next(sequence.tolist(), best[0].item.item_id, 1) if best else []
        if not explained:
            continue
        target, cause = best[0].item.internal_id, explained[0].item.internal_id
        effects = recommender.sequence_effects(sequence, target)
        others = np.flatnonzero(sequence != cause)
        if len(others):
            yield float(effects[sequence == cause].max()), float(effects[draw.choice(others)])
