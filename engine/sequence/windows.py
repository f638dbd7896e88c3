"""Sequences in shorter pieces, and some of them held out to choose options by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.evaluation.scores import mean_ranks
from engine.interactions import SequenceInteractions
from engine.ranking import MASKED_SCORE

#: The length of the windows by which options are judged, the item asked for included.
WINDOW = 10
#: Fewer windows than this say too little.
FEWEST = 30


def cut(interactions: SequenceInteractions, length: int) -> SequenceInteractions:
    """The same sequences in pieces of at most ``length``, counted from their ends; weights stay with their items."""
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
    """Part sequences by people (by rows, where it is not said whose they are).

    Parameters
    ----------
    interactions
        What to part.
    share
        Of the people, in the second part.
    seed
        Draws them.
    most
        Windows that are kept of the second part.

    Returns
    -------
    tuple or None
        The rest, and windows of at least two items of those held out; None if these are too few to judge by.
    """
    owners = np.arange(len(interactions)) if interactions.user_ids is None else interactions.user_ids
    people = np.unique(owners)
    random = np.random.RandomState(seed)
    held = np.isin(owners, random.permutation(people)[: round(share * len(people))])
    if not held.any() or held.all():
        return None
    windows = cut(interactions.select(held), WINDOW)
    askable = np.flatnonzero((windows.sequences[:, -1] > 0) & (windows.sequences[:, -2] > 0))
    kept = interactions.select(~held)
    if len(askable) < FEWEST or not kept.sequences.any():
        return None
    return kept, windows.select(np.sort(random.permutation(askable)[:most]))


def reciprocal_ranks(scores: Tensor, windows: Tensor) -> float:
    """The sum of the reciprocal ranks of the windows' last items, of those that were not in the window before.

    ``scores`` are of all items, ``(num_windows, num_items)``, and are overwritten.
    """
    scores = scores.clamp_min_(MASKED_SCORE).scatter_(1, windows[:, :-1].to(scores.device), MASKED_SCORE)
    ranks = mean_ranks(scores, np.arange(len(windows)), windows[:, -1].cpu().numpy(), 1)
    return float((1.0 / ranks).sum())


def tensor_of(windows: SequenceInteractions) -> Tensor:
    """Their ids as torch takes them."""
    return torch.from_numpy(windows.sequences.astype(np.int64))
