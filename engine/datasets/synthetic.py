"""Made-up interactions with an order in them, for tests and measurements."""

from __future__ import annotations

from typing import Any

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

    Items follow a Markov chain. The distribution of the next item is a row of a transition matrix, drawn from a
    Dirichlet distribution; the row is that of one of the ``order`` items before, drawn by chance at each step.

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
    successors = _dirichlet(num_items - 1, concentration_parameter, state).cumsum(1)
    user_ids = np.sort(state.randint(0, num_users, num_interactions, dtype=np.int32))
    return Interactions(
        user_ids,
        _walk(successors, num_interactions, order, state) + 1,
        ratings=np.ones(num_interactions, dtype=np.float32),
        timestamps=np.arange(num_interactions, dtype=np.int32),
        num_users=num_users,
        num_items=num_items,
    )


def _dirichlet(size: int, concentration: float, state: np.random.RandomState) -> npt.NDArray[np.float64]:
    """A stochastic matrix with Dirichlet rows.

    A gamma variable with a tiny shape underflows to 0; gamma(1 + a) * uniform ** (1 / a) is distributed alike, and
    its logarithm does not.
    """
    logs = np.log(state.gamma(concentration + 1.0, size=(size, size)))
    logs += np.log1p(-state.random_sample((size, size))) / concentration
    weights = np.exp(logs - logs.max(1, keepdims=True))
    result: npt.NDArray[np.float64] = weights / weights.sum(1, keepdims=True)
    return result


def _walk(
    successors: npt.NDArray[np.float64], length: int, order: int, state: np.random.RandomState
) -> npt.NDArray[np.int32]:
    """States of the chain; ``successors`` are the cumulated rows of its matrix."""
    last = len(successors) - 1
    items: list[int] = state.randint(0, len(successors), min(order, length)).tolist()
    lags: list[int] = state.randint(1, order + 1, length).tolist()
    chances: list[float] = state.random_sample(length).tolist()
    for step in range(len(items), length):
        row: Any = successors[items[step - lags[step]]]
        items.append(min(int(row.searchsorted(chances[step])), last))
    return np.array(items, dtype=np.int32)
