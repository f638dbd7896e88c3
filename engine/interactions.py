"""Interactions of users with items, as columns of arrays, and the same interactions as sequences of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix, csr_matrix

IntArray = npt.NDArray[np.integer[Any]]
NumberArray = npt.NDArray[Any]


class Interactions:
    """Interactions of users with items, in arrays of equal length: one position is one interaction.

    Ratings are explicit feedback. Without ratings, an interaction is implicit feedback: the user chose the item.

    Parameters
    ----------
    user_ids, item_ids
        Whole numbers from 0, shape ``(n,)``. Floats are accepted where they are whole, as in Spotlight, and are
        stored as int64. Sequence models keep item 0 for padding.
    ratings
        Numbers, shape ``(n,)``: on any scale for the loss ``regression``, counts for ``poisson``, ±1 for
        ``logistic``.
    timestamps
        Numbers, shape ``(n,)``; larger is later. :meth:`to_sequence` needs them.
    weights
        Numbers, shape ``(n,)``: the weight of each interaction in a loss. An interaction with a weight of 0 counts as
        absent. Weights below 0 have no meaning.
    num_users, num_items
        Sizes; the default is the largest id + 1.

    Raises
    ------
    ValueError
        If the lengths differ, or an id is not a whole number, is negative, or is not below the declared size. The
        message names the id, and for a float its position.

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

    def has(self, column: str) -> bool:
        """Whether there are ``"ratings"``, ``"timestamps"`` or ``"weights"``. Not in Spotlight."""
        return getattr(self, column) is not None

    def select(self, index: npt.NDArray[Any] | slice) -> Interactions:
        """The interactions at some positions, given as a mask, an index array or a slice; the sizes stay the same."""

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
        """The ratings as a scipy COO matrix, ``(num_users, num_items)``; ones if there are no ratings."""
        from scipy.sparse import coo_matrix

        values = np.ones(len(self)) if self.ratings is None else self.ratings
        return coo_matrix((values, (self.user_ids, self.item_ids)), shape=(self.num_users, self.num_items))

    def tocsr(self) -> csr_matrix:
        """The matrix of :meth:`tocoo` in CSR format, in which the values of repeated pairs are summed."""
        return self.tocoo().tocsr()

    def to_sequence(
        self,
        max_sequence_length: int = 10,
        min_sequence_length: int | None = None,
        step_size: int | None = None,
    ) -> SequenceInteractions:
        """Each user's items in order of time, cut into windows.

        The last window of a user ends with the latest interaction, and the others are taken backwards from there. A
        window with fewer than ``max_sequence_length`` items is padded with zeros on the left. Interactions of equal
        times keep the order in which they are stored (:func:`engine.evaluation.splitters.shuffle_ties` shuffles
        them).

        Parameters
        ----------
        max_sequence_length
            The number of items in a window.
        min_sequence_length
            Windows with fewer items are left out.
        step_size
            The distance between the ends of a user's windows. The default is ``max_sequence_length``: the windows do
            not overlap.

        Returns
        -------
        SequenceInteractions
            The windows as int32, by ascending user id; a user's latest window comes first.

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
        # One column at a time, so that the temporary arrays are only as large as one column.
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
        Item ids from 1, shape ``(num_sequences, max_sequence_length)``. Floats are accepted where they are whole, as
        in Spotlight, and are stored as int64; this holds for ``user_ids`` too.
    user_ids
        The user of each row, shape ``(num_sequences,)``.
    num_items
        The number of items, with the padding as one of them; the default is the largest id + 1.
    weights
        The weight of each step in a loss, in the shape of ``sequences``. Not in Spotlight.

    Raises
    ------
    ValueError
        If ``sequences`` is not a matrix of whole numbers below ``num_items``, or the lengths differ.
    """

    def __init__(
        self,
        sequences: npt.ArrayLike,
        user_ids: npt.ArrayLike | None = None,
        num_items: int | None = None,
        weights: npt.ArrayLike | None = None,
    ) -> None:
        rows = np.asarray(sequences)
        if rows.ndim != 2:
            raise ValueError(f"sequences must be a matrix with one row for each sequence, not of shape {rows.shape}")
        self.sequences = whole_numbers(rows, "sequences")
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
        """The sequences at some positions, given as a mask, an index array or a slice; the number of items stays."""
        owners = None if self.user_ids is None else self.user_ids[index]
        weights = None if self.weights is None else self.weights[index]
        return SequenceInteractions(self.sequences[index], owners, self.num_items, weights)


def whole_numbers(ids: NumberArray, name: str) -> IntArray:
    """Ids as integers.

    Parameters
    ----------
    ids
        Integers of any type, which are returned as they are, or whole floats, which are converted to int64.
    name
        The name of the array, for the error.

    Raises
    ------
    ValueError
        If the type is another one, or a float is fractional, NaN, infinite or beyond int64.
    """
    if ids.dtype.kind in "iu":
        return ids
    if ids.dtype.kind != "f":
        raise ValueError(f"{name} must be whole numbers, not of type {ids.dtype}")
    # NaN and the infinities fail one of the comparisons.
    wrong = ~((np.trunc(ids) == ids) & (np.abs(ids) < 2.0**63))
    if wrong.any():
        place = tuple(int(one) for one in np.argwhere(wrong)[0])
        where = f"{name}[{', '.join(map(str, place))}]" if place else "one of them"
        raise ValueError(f"{name} must be whole numbers, and {where} is {float(ids[place])}")
    return ids.astype(np.int64)


def _ids(values: npt.ArrayLike, kind: str) -> IntArray:
    ids = np.asarray(values)
    if ids.ndim != 1:
        raise ValueError(f"{kind}_ids must have one dimension, not shape {ids.shape}")
    return whole_numbers(ids, f"{kind}_ids")


def _size(ids: IntArray, declared: int | None, kind: str) -> int:
    smallest, largest = (int(ids.min()), int(ids.max())) if ids.size else (0, -1)
    if smallest < 0:
        raise ValueError(f"{kind} ids must not be negative, but there is {smallest}")
    if declared is None:
        return largest + 1
    if largest >= declared:
        raise ValueError(f"{kind} id {largest} is not below num_{kind}s, which is {declared}")
    return int(declared)
