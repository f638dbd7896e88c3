"""Splits of a data set for an evaluation: the part that a model learns from, and the part that it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.cross_validation import random_train_test_split, user_based_train_test_split
from engine.errors import OptionError, RecsysError
from engine.evaluation.config import PROTOCOLS, TIES, Ties
from engine.interactions import Interactions

TEST_SHARE = 0.2

#: In which order a user's interactions of the same time are taken: as they are stored, or at random.


@dataclass(frozen=True, slots=True)
class Split:
    """Two parts of one data set; both keep the sizes of the whole.

    Attributes
    ----------
    train
        The interactions that the model learns from.
    test
        The interactions that the model is asked about; none of them is in ``train``.
    ties
        The order of a user's interactions of the same time, in both parts: ``"file"``, the stored one, or ``"random"``.
    """

    train: Interactions
    test: Interactions
    ties: Ties = "file"


def split(interactions: Interactions, protocol: str, seed: int, ties: Ties = "file") -> Split:
    """Split a data set into a training and a test part.

    Parameters
    ----------
    interactions
        The whole data set.
    protocol
        ``"random"``: 80/20 of the interactions (``random_train_test_split``). ``"user"``: 80/20 of the users, so
        that no user of the test part is in the training part. ``"leave-one-out"``: the latest interaction of each
        user who has at least two. ``"temporal"``: the latest 20 % of all interactions.
    seed
        The seed of the protocols ``random`` and ``user``, and of ``ties="random"``.
    ties
        ``"file"``: a user's interactions of the same time stay in their stored order. ``"random"``: they are
        shuffled first (see :func:`shuffle_ties`), so that the split, the training sequences and the test cases
        follow one and the same random order. The protocol ``random`` uses no order: it gives the same parts for
        both.

    Returns
    -------
    Split
        The two parts.

    Raises
    ------
    OptionError
        If there is no such protocol or no such order of ties, or if the protocol needs times and there are none.
    RecsysError
        If one of the parts would be empty.

    Notes
    -----
    The order of ties can be information that a recommender would not have. The file of The Movies Dataset lists each
    user's ratings by film id. Where ten films are rated in the same second, a model then learns to continue an
    ascending row of ids, and its figures are too good. Shuffled ties take this away.
    """
    if protocol not in PROTOCOLS:
        raise OptionError(f"There is no protocol {protocol!r}: use {', '.join(PROTOCOLS)}.")
    if ties not in TIES:
        raise OptionError(f"Ties cannot be ordered by {ties!r}: use {' or '.join(TIES)}.")
    if protocol in ("leave-one-out", "temporal") and interactions.timestamps is None:
        raise OptionError(f"The protocol {protocol} needs times, and this data set has none: use random or user.")
    shuffled = ties == "random" and protocol != "random" and interactions.timestamps is not None
    parts = _SPLITTERS[protocol](shuffle_ties(interactions, seed) if shuffled else interactions, seed)
    if not len(parts.train) or not len(parts.test):
        raise RecsysError(
            f"The data set is too small for the protocol {protocol}: the "
            f"{'test' if len(parts.train) else 'training'} part would be empty."
        )
    return replace(parts, ties="random" if shuffled else "file")


def shuffle_ties(interactions: Interactions, seed: int) -> Interactions:
    """Shuffle each user's interactions of the same time among themselves.

    All other interactions keep their places. Everything that sorts by time sorts stably, so it follows the new order.

    Parameters
    ----------
    interactions
        Interactions; without timestamps they are returned as they are.
    seed
        The seed of the shuffle.

    Returns
    -------
    Interactions
        The same interactions, and the same sizes.
    """
    if interactions.timestamps is None:
        return interactions
    keys = np.random.RandomState(seed).random_sample(len(interactions))
    stored = np.lexsort((interactions.timestamps, interactions.user_ids))
    shuffled = np.lexsort((keys, interactions.timestamps, interactions.user_ids))
    order = np.empty(len(interactions), dtype=np.intp)
    order[stored] = shuffled
    return interactions.select(order)


def _random(interactions: Interactions, seed: int) -> Split:
    return Split(*random_train_test_split(interactions, TEST_SHARE, np.random.RandomState(seed)))


def _user(interactions: Interactions, seed: int) -> Split:
    return Split(*user_based_train_test_split(interactions, TEST_SHARE, np.random.RandomState(seed)))


def _leave_one_out(interactions: Interactions, _: int) -> Split:
    assert interactions.timestamps is not None
    # The sort is stable: of two equal times, the one stored later counts as the later one.
    order = np.lexsort((interactions.timestamps, interactions.user_ids))
    users = interactions.user_ids[order]
    last = np.append(users[1:] != users[:-1], True)
    alone = np.bincount(users, minlength=interactions.num_users)[users] == 1
    test = np.zeros(len(order), dtype=bool)
    test[order[last & ~alone]] = True
    return Split(interactions.select(~test), interactions.select(test))


def _temporal(interactions: Interactions, _: int) -> Split:
    assert interactions.timestamps is not None
    order = np.argsort(interactions.timestamps, kind="stable")
    test = np.zeros(len(order), dtype=bool)
    test[order[len(order) - round(len(order) * TEST_SHARE) :]] = True
    return Split(interactions.select(~test), interactions.select(test))


_SPLITTERS: Mapping[str, Callable[[Interactions, int], Split]] = {
    "random": _random,
    "user": _user,
    "leave-one-out": _leave_one_out,
    "temporal": _temporal,
}
