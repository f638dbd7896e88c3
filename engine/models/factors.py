"""The factors of a matrix factorisation: vectors and biases from which its predictions follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

#: What turns a score into a prediction.
Link = Literal["identity", "exp", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Factors:
    """Vectors and biases of users and items, by internal ids.

    The score of a user and an item is ``offset + users[u] @ items[i] + user_biases[u] + item_biases[i]``, and the
    prediction is ``link`` of the score. All are in the unit of the prediction where the link is the identity.

    Attributes
    ----------
    users, items
        The vectors, ``(num_users, d)`` and ``(num_items, d)``. The item 0 is the padding.
    user_biases, item_biases
        The biases, ``(num_users,)`` and ``(num_items,)``; zeros for a model that has none.
    offset
        The score of a user and an item that are like all others.
    link
        ``"identity"``, ``"exp"`` or ``"sigmoid"``.
    """

    users: FloatArray
    items: FloatArray
    user_biases: FloatArray
    item_biases: FloatArray
    offset: float = 0.0
    link: Link = "identity"
