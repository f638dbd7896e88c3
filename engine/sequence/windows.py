"""Cutting sequences into windows, and holding out users to choose options."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.evaluation.scores import mean_ranks
from engine.interactions import SequenceInteractions
from engine.ranking import MASKED_SCORE

#: The length of the held-out windows, the target item included.
WINDOW = 10
#: The smallest number of windows for a comparison.
FEWEST = 30


def cut(interactions: SequenceInteractions, length: int) -> SequenceInteractions:
    """Cut sequences, with their weights, into pieces of at most ``length`` items, from the end to the start."""
    width = -(-interactions.max_sequence_length // length) * length
    padding = ((0, 0), (width - interactions.max_sequence_length, 0))

    def pieces(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.pad(array, padding).reshape(-1, length)

    sequences = pieces(interactions.sequences)
    real = sequences.any(1)
    weights = None if interactions.weights is None else pieces(interactions.weights)[real]
    return SequenceInteractions(sequences[real], num_items=interactions.num_items, weights=weights)


def hold_out(
    interactions: SequenceInteractions, share: float, seed: int | None, most: int
) -> tuple[SequenceInteractions, SequenceInteractions] | None:
    """Split sequences by users (by rows, if these have no user ids).

    Parameters
    ----------
    interactions
        The sequences to split.
    share
        The share of the users that are held out.
    seed
        The seed of the random selection.
    most
        The largest number of held-out windows.

    Returns
    -------
    tuple or None
        The sequences of the other users, and windows of at least two items of the held-out users; None if there are too
        few windows.
    """
    owners = np.arange(len(interactions)) if interactions.user_ids is None else interactions.user_ids
    users = np.unique(owners)
    random = np.random.RandomState(seed)
    held = np.isin(owners, random.permutation(users)[: round(share * len(users))])
    if not held.any() or held.all():
        return None
    windows = cut(interactions.select(held), WINDOW)
    complete = np.flatnonzero((windows.sequences[:, -1] > 0) & (windows.sequences[:, -2] > 0))
    kept = interactions.select(~held)
    if len(complete) < FEWEST or not kept.sequences.any():
        return None
    return kept, windows.select(np.sort(random.permutation(complete)[:most]))


def reciprocal_ranks(scores: Tensor, windows: Tensor) -> float:
    """Sum the reciprocal ranks of the windows' last items. The other items of a window are not ranked.

    ``scores`` are the scores of all items, ``(num_windows, num_items)``. They are overwritten.
    """
    scores = scores.clamp_min_(MASKED_SCORE).scatter_(1, windows[:, :-1].to(scores.device), MASKED_SCORE)
    ranks = mean_ranks(scores, np.arange(len(windows)), windows[:, -1].cpu().numpy(), 1)
    return float((1.0 / ranks).sum())


def tensor_of(windows: SequenceInteractions) -> Tensor:
    """Return the item ids of the windows as an int64 tensor."""
    return torch.from_numpy(windows.sequences.astype(np.int64))
