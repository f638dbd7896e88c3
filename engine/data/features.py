"""Features of items and users as matrices that models can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.data.items import STANDARD_COLUMNS, ItemTable
from engine.interactions import Interactions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: The number of basis functions over the ranks of a numeric column.
_RANK_BASES = 16
#: A text column with more distinct values than this is no category.
_MAX_CATEGORIES = 300
#: Pairs of columns: one holds the mean of an item's votes, the other the number of votes.
_VOTE_COLUMNS = (("vote_average", "vote_count"), ("rating", "members"))
#: The weight of the overall mean in a Bayesian average, as a number of votes.
_PRIOR_VOTES = 50.0

Floats = npt.NDArray[np.float32]
#: A dense array or a scipy sparse matrix.
Matrix: TypeAlias = Any


@dataclass(frozen=True)
class Features:
    """Groups of features. Each group is a matrix whose row ``i`` belongs to the internal id ``i``.

    Attributes
    ----------
    users, items
        The matrices by the name of the group, shape ``(num_users, f)`` or ``(num_items, f)``. Row 0 of the items is
        padding.
    """

    users: Mapping[str, Matrix] = field(default_factory=dict)
    items: Mapping[str, Matrix] = field(default_factory=dict)


def history(interactions: Interactions) -> tuple[csr_matrix, csr_matrix]:
    """The interactions as implicit feedback: a sparse matrix of users by items, and its transpose.

    Every row is divided by the square root of its number of entries, so it has the length 1, as in SVD++ (Koren,
    "Factorization meets the neighborhood", KDD 2008, section 4).

    Returns
    -------
    tuple of scipy.sparse.csr_matrix
        One row a user, ``(num_users, num_items)``, and one row an item, ``(num_items, num_users)``.
    """
    from scipy.sparse import diags_array

    matrix = interactions.tocsr()
    matrix.data = np.ones(len(matrix.data), dtype=np.float32)
    by_user, by_item = (
        diags_array(1.0 / np.sqrt(np.maximum(one.getnnz(1), 1)).astype(np.float32)) @ one
        for one in (matrix, matrix.T.tocsr())
    )
    return by_user.tocsr(), by_item.tocsr()


@dataclass(frozen=True)
class Spline:
    """The matrix that :func:`bumps` makes of known numbers, as the two entries that each of its rows has.

    Attributes
    ----------
    left
        The column of the first of the two entries, int32, ``(n,)``. The second one is in the next column.
    share
        The value of the second entry, float32, ``(n,)``. The two values sum to 1.
    number
        The number of columns.
    """

    left: npt.NDArray[np.int32]
    share: Floats
    number: int

    @classmethod
    def of(cls, values: npt.NDArray[Any], low: float, high: float, number: int) -> Spline:
        """Expand numbers as :func:`bumps` does, in a fraction of its memory. All numbers must be finite."""
        if not high > low or number < 2:
            return cls(np.zeros(len(values), np.int32), np.zeros(len(values), np.float32), 1)
        places = np.clip(values, low, high)
        places -= low
        places *= (number - 1) / (high - low)
        left = np.minimum(places.astype(np.int32), number - 2)
        places -= left
        return cls(left, places.astype(np.float32), number)

    def gram(self) -> npt.NDArray[np.float64]:
        """Return the product of the transposed matrix with the matrix, ``(number, number)``."""
        share = self.share.astype(np.float64)
        gram: npt.NDArray[np.float64] = np.diag(np.bincount(self.left, (1.0 - share) ** 2, minlength=self.number))
        if self.number > 1:
            columns = np.arange(self.number - 1)
            gram[columns + 1, columns + 1] += np.bincount(self.left, share**2, minlength=self.number)[:-1]
            gram[columns, columns + 1] = gram[columns + 1, columns] = np.bincount(
                self.left, share * (1.0 - share), minlength=self.number
            )[:-1]
        return gram

    def dense(self) -> Floats:
        """Return the matrix that :func:`bumps` makes, ``(n, number)``."""
        matrix: Floats = np.zeros((len(self.left), self.number), np.float32)
        rows = np.arange(len(self.left))
        matrix[rows, self.left] = 1.0 - self.share
        if self.number > 1:
            matrix[rows, self.left + 1] = self.share
        return matrix


def bumps(values: npt.NDArray[Any], low: float, high: float, number: int) -> Floats:
    """Expand numbers in overlapping triangular basis functions (a linear B-spline basis).

    A model that is linear in these features can fit any piecewise linear function of the number.

    Parameters
    ----------
    values
        The numbers, shape ``(n,)``. NaN stands for an unknown number and gives a row of zeros.
    low, high
        The peaks of the first and of the last triangle. Numbers outside are clipped to this range.
    number
        The number of triangles.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, number)``. A row of a known number sums to 1.
    """
    if not high > low:
        known: Floats = np.isfinite(values).astype(np.float32)[:, None]
        return known
    peaks = np.linspace(low, high, number)
    heights = 1.0 - np.abs(np.clip(values, low, high)[:, None] - peaks) / (peaks[1] - peaks[0])
    rows: Floats = np.nan_to_num(np.maximum(heights, 0.0)).astype(np.float32)
    return rows


def members(groups: Sequence[tuple[str, ...]], least: int = 3) -> Floats:
    """Encode the groups (such as genres) that each row belongs to; the result has rows of length 1 or 0.

    Parameters
    ----------
    groups
        The names of each row's groups.
    least
        The smallest number of rows that a group must have; smaller groups are left out.

    Returns
    -------
    numpy.ndarray
        Shape ``(len(groups), f)``.
    """
    names, position = np.unique([name for row in groups for name in row] or [""], return_inverse=True)
    rows = np.repeat(np.arange(len(groups)), [len(row) for row in groups])
    matrix = np.zeros((len(groups), len(names)), dtype=np.float32)
    if len(rows):
        matrix[rows, position] = 1.0
    matrix = matrix[:, matrix.sum(0) >= least]
    length: Floats = np.sqrt(np.maximum(matrix.sum(1, keepdims=True), 1.0))
    return matrix / length


def of_items(items: ItemTable, num_items: int) -> dict[str, Floats]:
    """Make features of the first items of a catalogue from its columns.

    The features are the genres, the ranks of the year and of other numbers and dates (votes, runtime), the categories
    (language, type) that several items share, and the most frequent members of lists (actors, tags). If the catalogue
    has both the mean and the number of votes, the ranks of the Bayesian average (the mean shrunk towards the mean of
    all items) are features too.

    Parameters
    ----------
    items
        The catalogue.
    num_items
        The number of rows to make. It is one more than the last item's internal id, since row 0 is padding.

    Returns
    -------
    dict
        The matrices by the name of the group, each ``(num_items, f)``.
    """
    import pyarrow as pa

    table = items.table.slice(0, num_items - 1)
    groups = {"genres": members(_frequent(table.column("genres")))}
    numbers = {"year": _numbers(table.column("year"))}
    for name in table.column_names:
        column = table.column(name)
        if name in STANDARD_COLUMNS:
            continue
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numbers[name] = _numbers(column)
        elif pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
            numbers[name] = _numbers(column.cast(pa.timestamp("s")).cast(pa.int64()))
        elif pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
            groups[name] = _categories(column.cast(pa.string()).to_pylist())
        elif pa.types.is_list(column.type):
            groups[name] = members(_frequent(column))
    for name, values in numbers.items():
        groups[name] = bumps(_ranks(values), 0.0, 1.0, _RANK_BASES)
    for mean, count in _VOTE_COLUMNS:
        if mean in numbers and count in numbers:
            groups[f"{mean} by {count}"] = bumps(
                _ranks(_bayesian_average(numbers[mean], numbers[count])), 0.0, 1.0, _RANK_BASES
            )
    return {
        name: np.concatenate([np.zeros((1, matrix.shape[1]), np.float32), matrix])
        for name, matrix in groups.items()
        if matrix.shape[1]
    }


def _numbers(column: Any) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _ranks(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Scale the ranks of numbers to 0..1. Equal numbers share their mean rank; NaN stays NaN."""
    known = np.isfinite(values)
    ranks = np.full(len(values), np.nan)
    distinct, position = np.unique(values[known], return_inverse=True)
    counts = np.bincount(position, minlength=len(distinct))
    middle = np.cumsum(counts) - counts / 2.0
    ranks[known] = middle[position] / max(1, known.sum())
    return ranks


def _categories(values: list[str | None]) -> Floats:
    """Encode a text column as categories. A column with too many values, such as titles, gives no features."""
    named = [() if value is None else (value,) for value in values]
    if len(set(values)) > min(_MAX_CATEGORIES, max(2, len(values) // 5)):
        return np.zeros((len(values), 0), np.float32)
    return members(named)


def _frequent(lists: Any) -> list[tuple[str, ...]]:
    """The lists of a column with its most frequent texts only, so that their matrix stays small."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = pc.value_counts(pc.list_flatten(lists.cast(pa.list_(pa.string()))))
    order = np.argsort(-counts.field("counts").to_numpy(zero_copy_only=False), kind="stable")[:_MAX_CATEGORIES]
    kept = set(counts.field("values").take(pa.array(order)).to_pylist())
    return [tuple(dict.fromkeys(one for one in row or () if one in kept)) for row in lists.to_pylist()]


def _bayesian_average(means: npt.NDArray[Any], counts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Shrink each item's mean vote towards the mean of all items, the more the fewer votes it has."""
    known = np.isfinite(means) & (counts > 0)
    overall = float(np.mean(means[known])) if known.any() else 0.0
    weight = np.where(known, counts, 0.0)
    averages: npt.NDArray[np.float64] = (np.where(known, means, 0.0) * weight + overall * _PRIOR_VOTES) / (
        weight + _PRIOR_VOTES
    )
    return averages
