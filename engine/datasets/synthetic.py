"""Synthetic interactions whose order can be learned, for tests and measurements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.interactions import Interactions


def generate_sequential(
    num_users: int = 100,
    num_items: int = 1000,
    num_interactions: int = 10000,
    concentration_parameter: float = 0.1,
    order: int = 3,
    random_state: np.random.RandomState | None = None,
) -> Interactions:
    """Generate interactions in which each item depends on the items before it.

    Items follow a Markov chain. The distribution of the next item is the mean of several rows of a transition matrix:
    those of the ``order`` preceding items. The rows of the matrix are drawn from a Dirichlet distribution; then the
    matrix is scaled until its columns sum to 1 too, so that in the long run all items are equally frequent. Random
    numbers are drawn in the same order as in Spotlight.

    Parameters
    ----------
    num_users, num_items, num_interactions
        The sizes. Item ids run from 1 to ``num_items - 1``.
    concentration_parameter
        The concentration of the Dirichlet distribution. Near 0, an item is almost always followed by the same other
        item; far above 1, all items are nearly equally likely to follow.
    order
        The number of preceding items on which an item depends.
    random_state
        The source of all random numbers.

    Returns
    -------
    Interactions
        Sorted by user; timestamps count up, and all ratings are 1.

    Raises
    ------
    ValueError
        If a size is too small or ``concentration_parameter`` is not positive.
    """
    if num_items < 2 or num_users < 1 or num_interactions < 0 or order < 1:
        raise ValueError(
            f"num_users ({num_users}) and order ({order}) must be at least 1, num_items ({num_items}) at least 2"
        )
    if not concentration_parameter > 0:
        raise ValueError(f"concentration_parameter must be positive, not {concentration_parameter}")
    state = np.random.RandomState() if random_state is None else random_state
    matrix = _doubly_stochastic(_dirichlet(num_items - 1, concentration_parameter, state))
    user_ids = np.sort(state.randint(0, num_users, num_interactions, dtype=np.int32))
    return Interactions(
        user_ids,
        _walk(matrix, num_interactions, order, state) + 1,
        ratings=np.ones(num_interactions, dtype=np.float32),
        timestamps=np.arange(num_interactions, dtype=np.int32),
        num_users=num_users,
        num_items=num_items,
    )


def _dirichlet(size: int, concentration: float, state: np.random.RandomState) -> npt.NDArray[np.float64]:
    """A stochastic matrix with Dirichlet rows."""
    matrix = state.dirichlet([concentration] * size, size)
    # With a tiny concentration all numbers of a row can underflow. In the limit, such a row has a single 1.
    lost = ~np.isfinite(matrix).all(1)
    matrix[lost] = np.eye(size)[state.randint(0, size, int(lost.sum()))]
    return matrix


def _doubly_stochastic(matrix: npt.NDArray[np.float64], rounds: int = 100) -> npt.NDArray[np.float64]:
    """Scale columns and rows in turn (Sinkhorn and Knopp, 1967) until all of them sum to nearly 1."""
    for _ in range(rounds):
        columns = matrix.sum(0)
        if np.abs(columns - 1.0).max() < 1e-3:
            break
        matrix = matrix / np.where(columns > 0, columns, 1.0)
        matrix /= matrix.sum(1, keepdims=True)
    return matrix


def _walk(
    matrix: npt.NDArray[np.float64], length: int, order: int, state: np.random.RandomState
) -> npt.NDArray[np.int32]:
    """States of the chain; the next one is drawn from the mean of the rows of the last ``order`` states."""
    cumulated = matrix.cumsum(1)
    chances = state.random_sample(length)
    recent = state.randint(0, len(matrix), order, dtype=np.int64)
    items = np.empty(length, dtype=np.int32)
    for step in range(length):
        row = cumulated[recent].mean(0)
        items[step] = min(int(row.searchsorted(chances[step])), len(matrix) - 1)
        recent[step % order] = items[step]
    return items
