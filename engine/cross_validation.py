"""Splits of interactions into a training and a test part. The same ``random_state`` splits them as in Spotlight."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.interactions import Interactions

#: From here on a shuffle would keep the interpreter, and a screen beside it, for more than a tenth of a second.
_MANY = 2_000_000


def shuffle_interactions(interactions: Interactions, random_state: np.random.RandomState | None = None) -> Interactions:
    """The same interactions in a random order: up to two million of them, in that of Spotlight."""
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
    """Put each interaction into one of two parts, by chance.

    Parameters
    ----------
    interactions
        What to split.
    test_percentage
        The share of the second part, 0 to 1.
    random_state
        Decides the order.

    Returns
    -------
    train, test
        Both with the sizes of the whole.

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
    """Put each user with all interactions into one of two parts, by a hash of the id.

    Parameters, result and errors as of :func:`random_train_test_split`; the share is of users, and holds roughly.
    """
    _check_share(test_percentage)
    seed = int(_state(random_state).randint(0, np.iinfo(np.uint32).max, dtype=np.int64))
    in_test = _murmur3(interactions.user_ids, seed) % 100 / 100.0 < test_percentage
    return interactions.select(~in_test), interactions.select(in_test)


def _murmur3(keys: npt.NDArray[Any], seed: int) -> npt.NDArray[np.uint32]:
    """MurmurHash3 (x86, 32 bits) of each key as four bytes: Austin Appleby's public-domain function."""

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
