"""Who interacted with what, as columns; and the same cut into sequences of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix, csr_matrix

IntArray = npt.NDArray[np.integer[Any]]
NumberArray = npt.NDArray[Any]


class Interactions:
    """Interactions of users with items, one a position of equally long arrays.

    Ratings are explicit feedback; without them the mere presence of a pair is implicit feedback.

    Parameters
    ----------
    user_ids, item_ids
        Integers from 0, shape ``(n,)``. Sequence models keep item 0 for padding.
    ratings
        Numbers, shape ``(n,)``: on any scale for regression, counts for poisson, ±1 for logistic.
    timestamps
        Numbers, shape ``(n,)``; larger is later. :meth:`to_sequence` needs them.
    weights
        Numbers, shape ``(n,)``: how much each interaction counts in a loss.
    num_users, num_items
        Sizes; by default the largest id + 1.

    Raises
    ------
    ValueError
        If lengths differ, an id is not an integer, is negative, or is not below the declared size.

    Examples
    --------
    >>> two = Interactions(np.array([0, 1]), np.array([2, 1]), ratings=np.array([4.0, 3.5]))
    >>> two.num_users, two.num_items, len(two)
    (2, 3, 2)
    """

    def __init__(
        self,
        user_ids: npt.ArrayLike,
        item_ids: npt.ArrayLike,
        ratings: npt.ArrayLike | None = None,
        timestamps: npt.ArrayLike | None = None,
        weights: npt.ArrayLike | None = None,
        num_users: int | None = None,
        num_items: int | None = None,
    ) -> None:
        self.user_ids = _ids(user_ids, "user")
        self.item_ids = _ids(item_ids, "item")
        self.ratings: NumberArray | None = None if ratings is None else np.asarray(ratings)
        self.timestamps: NumberArray | None = None if timestamps is None else np.asarray(timestamps)
        self.weights: NumberArray | None = None if weights is None else np.asarray(weights)
        self.num_users = _size(self.user_ids, num_users, "user")
        self.num_items = _size(self.item_ids, num_items, "item")
        for name in ("item_ids", "ratings", "timestamps", "weights"):
            column = getattr(self, name)
            if column is not None and column.shape != self.user_ids.shape:
                raise ValueError(f"{name} has shape {column.shape}, user_ids {self.user_ids.shape}: they must agree")

    def __repr__(self) -> str:
        return f"<Interactions: {len(self)} of {self.num_users} users with {self.num_items} items>"

    def __len__(self) -> int:
        return len(self.user_ids)

    def select(self, index: npt.NDArray[Any] | slice) -> Interactions:
        """A part of the interactions, by mask, positions or slice; the sizes stay."""

        def part(column: NumberArray | None) -> NumberArray | None:
            return None if column is None else column[index]

        return Interactions(
            self.user_ids[index],
            self.item_ids[index],
            ratings=part(self.ratings),
            timestamps=part(self.timestamps),
            weights=part(self.weights),
            num_users=self.num_users,
            num_items=self.num_items,
        )

    def tocoo(self) -> coo_matrix:
        """A scipy COO matrix, ``(num_users, num_items)``: the ratings, or ones where there are none."""
        from scipy.sparse import coo_matrix

        values = np.ones(len(self)) if self.ratings is None else self.ratings
        return coo_matrix((values, (self.user_ids, self.item_ids)), shape=(self.num_users, self.num_items))

    def tocsr(self) -> csr_matrix:
        """As :meth:`tocoo`, in CSR form; repeated pairs are summed."""
        return self.tocoo().tocsr()

    def to_sequence(
        self,
        max_sequence_length: int = 10,
        min_sequence_length: int | None = None,
        step_size: int | None = None,
    ) -> SequenceInteractions:
        """Each user's items in order of time, cut into windows.

        Windows are taken from a user's latest interaction backwards; one shorter than ``max_sequence_length``
        is padded with zeros on its left. Equal times keep the order in which they are stored.

        Parameters
        ----------
        max_sequence_length
            The width of a window.
        min_sequence_length
            Windows with fewer items are left out.
        step_size
            How far apart the ends of a user's windows are; by default ``max_sequence_length``, so that they do
            not overlap.

        Returns
        -------
        SequenceInteractions
            int32, by user (ascending), each user's latest window first.

        Raises
        ------
        ValueError
            If there are no timestamps, an item has the id 0, or a length is below 1.

        Examples
        --------
        >>> history = Interactions([7, 7, 7], [3, 1, 2], timestamps=[30, 10, 20])
        >>> history.to_sequence(max_sequence_length=2).sequences.tolist()
        [[2, 3], [0, 1]]
        """
        step = max_sequence_length if step_size is None else step_size
        if max_sequence_length < 1 or step < 1:
            raise ValueError(f"lengths and steps must be at least 1, not {max_sequence_length} and {step}")
        if min_sequence_length is not None and not 1 <= min_sequence_length <= max_sequence_length:
            raise ValueError(
                f"min_sequence_length must be between 1 and {max_sequence_length}, not {min_sequence_length}"
            )
        if self.timestamps is None:
            raise ValueError("sequences need timestamps, and these interactions have none")
        if (self.item_ids == 0).any():
            raise ValueError("item id 0 is the padding of sequences: number items from 1")

        order = np.lexsort((self.timestamps, self.user_ids))
        items = self.item_ids[order].astype(np.int32)
        users, first, count = np.unique(self.user_ids[order], return_index=True, return_counts=True)

        windows = -(-count // step)
        nth_window = np.arange(windows.sum()) - np.repeat(np.cumsum(windows) - windows, windows)
        begin = np.repeat(first, windows)
        end = begin + np.repeat(count, windows) - nth_window * step
        if min_sequence_length is not None:
            long_enough = end - begin >= min_sequence_length
            begin, end = begin[long_enough], end[long_enough]
            owners = np.repeat(users, windows)[long_enough]
        else:
            owners = np.repeat(users, windows)

        sequences = np.zeros((len(end), max_sequence_length), dtype=np.int32)
        # Column by column: the memory beyond the result stays that of one column.
        weights = None if self.weights is None else np.zeros(sequences.shape, dtype=np.float32)
        for column in range(max_sequence_length):
            position = end - max_sequence_length + column
            inside = position >= begin
            sequences[inside, column] = items[position[inside]]
            if weights is not None and self.weights is not None:
                weights[inside, column] = self.weights[order[position[inside]]]
        return SequenceInteractions(
            sequences, user_ids=owners.astype(np.int32), num_items=self.num_items, weights=weights
        )


class SequenceInteractions:
    """Sequences of items, oldest first, padded with 0 on the left.

    Parameters
    ----------
    sequences
        Item ids from 1, shape ``(num_sequences, max_sequence_length)``.
    user_ids
        Whose sequence each row is, shape ``(num_sequences,)``.
    num_items
        The largest id + 1 by default; padding counts as one of them.
    weights
        How much each step counts in a loss, in the shape of ``sequences``. Not in Spotlight.

    Raises
    ------
    ValueError
        If ``sequences`` is not a matrix of ids below ``num_items``, or the lengths differ.
    """

    def __init__(
        self,
        sequences: npt.ArrayLike,
        user_ids: npt.ArrayLike | None = None,
        num_items: int | None = None,
        weights: npt.ArrayLike | None = None,
    ) -> None:
        self.sequences = np.asarray(sequences)
        if self.sequences.ndim != 2:
            raise ValueError(f"sequences must be a matrix, one row a sequence, not of shape {self.sequences.shape}")
        if self.sequences.dtype.kind not in "iu":
            raise ValueError(f"item ids must be integers, not {self.sequences.dtype}")
        self.num_items = _size(self.sequences, num_items, "item")
        self.max_sequence_length = self.sequences.shape[1]
        self.user_ids = None if user_ids is None else _ids(user_ids, "user")
        if self.user_ids is not None and len(self.user_ids) != len(self.sequences):
            raise ValueError(f"{len(self.user_ids)} user_ids for {len(self.sequences)} sequences")
        self.weights: NumberArray | None = None if weights is None else np.asarray(weights)
        if self.weights is not None and self.weights.shape != self.sequences.shape:
            raise ValueError(f"weights have shape {self.weights.shape}, sequences {self.sequences.shape}")

    def __repr__(self) -> str:
        return (
            f"<SequenceInteractions: {len(self)} sequences of up to {self.max_sequence_length} "
            f"of {self.num_items} items>"
        )

    def __len__(self) -> int:
        return len(self.sequences)

    def select(self, index: npt.NDArray[Any] | slice) -> SequenceInteractions:
        """Some of the sequences, by mask, positions or slice; the number of items stays."""
        owners = None if self.user_ids is None else self.user_ids[index]
        weights = None if self.weights is None else self.weights[index]
        return SequenceInteractions(self.sequences[index], owners, self.num_items, weights)


def _ids(values: npt.ArrayLike, kind: str) -> IntArray:
    ids = np.asarray(values)
    if ids.size == 0 and ids.dtype.kind == "f":
        ids = ids.astype(np.int64)
    if ids.ndim != 1:
        raise ValueError(f"{kind}_ids must have one dimension, not shape {ids.shape}")
    if ids.dtype.kind not in "iu":
        raise ValueError(f"{kind}_ids must be integers, not {ids.dtype}")
    return ids


def _size(ids: IntArray, declared: int | None, kind: str) -> int:
    smallest, largest = (int(ids.min()), int(ids.max())) if ids.size else (0, -1)
    if smallest < 0:
        raise ValueError(f"{kind} ids must not be negative, but there is {smallest}")
    if declared is None:
        return largest + 1
    if largest >= declared:
        raise ValueError(f"{kind} id {largest} is not below num_{kind}s, which is {declared}")
    return int(declared)
