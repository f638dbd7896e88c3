"""Splits of interactions into a training and a test part.

For the same ``random_state`` the parts are those of Spotlight, up to two million interactions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.interactions import Interactions

#: NumPy's shuffle holds the interpreter lock, for more than a tenth of a second beyond this number of interactions. A
#: screen drawn by another thread would stand still for as long.
_MANY = 2_000_000


def shuffle_interactions(interactions: Interactions, random_state: np.random.RandomState | None = None) -> Interactions:
    """The same interactions in a random order.

    Parameters
    ----------
    interactions
        The interactions to shuffle.
    random_state
        The source of random numbers. Up to two million interactions, the order is the one that Spotlight gives.

    Returns
    -------
    Interactions
        A shuffled copy, with the same sizes.
    """
    state = _state(random_state)
    if len(interactions) > _MANY:
        return interactions.select(np.argsort(state.random_sample(len(interactions))))
    order = np.arange(len(interactions))
    state.shuffle(order)
    return interactions.select(order)


def random_train_test_split(
    interactions: Interactions,
    test_percentage: float = 0.2,
    random_state: np.random.RandomState | None = None,
) -> tuple[Interactions, Interactions]:
    """Split interactions at random.

    Parameters
    ----------
    interactions
        The interactions to split.
    test_percentage
        The share of the test part, from 0 to 1.
    random_state
        The source of random numbers.

    Returns
    -------
    train, test
        The two parts, both with ``num_users`` and ``num_items`` of the whole.

    Raises
    ------
    ValueError
        If ``test_percentage`` is not between 0 and 1.
    """
    _check_share(test_percentage)
    shuffled = shuffle_interactions(interactions, random_state)
    cutoff = int((1.0 - test_percentage) * len(shuffled))
    return shuffled.select(slice(None, cutoff)), shuffled.select(slice(cutoff, None))


def user_based_train_test_split(
    interactions: Interactions,
    test_percentage: float = 0.2,
    random_state: np.random.RandomState | None = None,
) -> tuple[Interactions, Interactions]:
    """Split interactions by users: all interactions of a user go to the same part.

    A hash of the user id decides, so that the same user goes to the same part whatever else is in the data.

    Parameters
    ----------
    interactions
        The interactions to split.
    test_percentage
        The share of users in the test part, from 0 to 1. It is met only roughly, since each user is drawn alone.
    random_state
        The source of the hash's seed.

    Returns
    -------
    train, test
        The two parts, both with ``num_users`` and ``num_items`` of the whole.

    Raises
    ------
    ValueError
        If ``test_percentage`` is not between 0 and 1.
    """
    _check_share(test_percentage)
    seed = int(_state(random_state).randint(0, np.iinfo(np.uint32).max, dtype=np.int64))
    in_test = _murmur3(interactions.user_ids, seed) % 100 / 100.0 < test_percentage
    return interactions.select(~in_test), interactions.select(in_test)


def _murmur3(keys: npt.NDArray[Any], seed: int) -> npt.NDArray[np.uint32]:
    """The hash of each key as four bytes: MurmurHash3 (x86, 32 bits) by Austin Appleby, public domain."""

    def rotate(value: npt.NDArray[np.uint32], by: int) -> npt.NDArray[np.uint32]:
        return (value << np.uint32(by)) | (value >> np.uint32(32 - by))

    mixed = keys.astype(np.uint32) * np.uint32(0xCC9E2D51)
    mixed = rotate(mixed, 15) * np.uint32(0x1B873593)
    state = rotate(np.uint32(seed) ^ mixed, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    state ^= np.uint32(4)
    state ^= state >> np.uint32(16)
    state *= np.uint32(0x85EBCA6B)
    state ^= state >> np.uint32(13)
    state *= np.uint32(0xC2B2AE35)
    return state ^ (state >> np.uint32(16))


def _state(random_state: np.random.RandomState | None) -> np.random.RandomState:
    return np.random.RandomState() if random_state is None else random_state


def _check_share(test_percentage: float) -> None:
    if not 0.0 <= test_percentage <= 1.0:
        raise ValueError(f"test_percentage must be between 0 and 1, not {test_percentage}")
