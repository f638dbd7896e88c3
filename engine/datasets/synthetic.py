"""Made-up interactions with an order in them, for tests and measurements."""

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
    """Interactions in which an item depends on those before it.

    Items follow a Markov chain: the distribution of the next one is the mean of the rows that the ``order`` items
    before have in a transition matrix. The matrix is drawn with Dirichlet rows and then scaled until its columns sum
    to 1 too, so that in the long run all items are equally frequent. Random numbers are drawn in Spotlight's order.

    Parameters
    ----------
    num_users, num_items, num_interactions
        Sizes. Items have the ids from 1 to ``num_items - 1``.
    concentration_parameter
        Of the Dirichlet distribution: near 0 an item is followed by one other nearly always, far above 1 by any.
    order
        How many items before one may decide about it.
    random_state
        Decides everything.

    Returns
    -------
    Interactions
        By user; timestamps count up, all ratings are 1.

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
    # With a tiny concentration all numbers of a row may underflow; the limit is then a single 1 anywhere.
    lost = ~np.isfinite(matrix).all(1)
    matrix[lost] = np.eye(size)[state.randint(0, size, int(lost.sum()))]
    return matrix


def _doubly_stochastic(matrix: npt.NDArray[np.float64], rounds: int = 100) -> npt.NDArray[np.float64]:
    """Scale columns and rows in turn (Sinkhorn and Knopp, 1967) until all sum to 1, or nearly so."""
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
    """States of the chain whose next one follows the mean of the last ``order`` states' rows."""
    cumulated = matrix.cumsum(1)
    chances = state.random_sample(length)
    recent = state.randint(0, len(matrix), order, dtype=np.int64)
    items = np.empty(length, dtype=np.int32)
    for step in range(length):
        row = cumulated[recent].mean(0)
        items[step] = min(int(row.searchsorted(chances[step])), len(matrix) - 1)
        recent[step % order] = items[step]
    return items
