"""How a data set is parted for an evaluation: what a model may learn from, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.cross_validation import random_train_test_split, user_based_train_test_split
from engine.errors import OptionError, RecsysError
from engine.interactions import Interactions

TEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Split:
    """Two parts of one data set; both keep the sizes of the whole.

    Attributes
    ----------
    train
        What the model learns from.
    test
        What it is asked about; no interaction of it is in ``train``.
    """

    train: Interactions
    test: Interactions


def split(interactions: Interactions, protocol: str, seed: int) -> Split:
    """Part a data set.

    Parameters
    ----------
    interactions
        All of it.
    protocol
        ``"random"``: 80/20 of the interactions (``random_train_test_split``). ``"user"``: 80/20 of the users, so
        nobody in the test part was trained on. ``"leave-one-out"``: the latest interaction of each user who has at
        least two. ``"temporal"``: the latest 20 % of all interactions.
    seed
        Of the random ones.

    Raises
    ------
    OptionError
        If there is no such protocol, or it needs times and there are none.
    RecsysError
        If a part would be empty.
    """
    if protocol not in PROTOCOLS:
        raise OptionError(f"There is no protocol {protocol!r}: use {', '.join(PROTOCOLS)}.")
    if protocol in ("leave-one-out", "temporal") and interactions.timestamps is None:
        raise OptionError(f"The protocol {protocol} needs times, and this data set has none: use random or user.")
    parts = PROTOCOLS[protocol](interactions, seed)
    if not len(parts.train) or not len(parts.test):
        raise RecsysError(
            f"The data set is too small to be parted by the protocol {protocol}: nothing would be left to "
            f"{'test' if len(parts.train) else 'train'} with."
        )
    return parts


def _random(interactions: Interactions, seed: int) -> Split:
    return Split(*random_train_test_split(interactions, TEST_SHARE, np.random.RandomState(seed)))


def _user(interactions: Interactions, seed: int) -> Split:
    return Split(*user_based_train_test_split(interactions, TEST_SHARE, np.random.RandomState(seed)))


def _leave_one_out(interactions: Interactions, _: int) -> Split:
    assert interactions.timestamps is not None
    # Stable: of equal times the one that stands later in the file counts as the later one.
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


PROTOCOLS: Mapping[str, Callable[[Interactions, int], Split]] = {
    "random": _random,
    "user": _user,
    "leave-one-out": _leave_one_out,
    "temporal": _temporal,
}
