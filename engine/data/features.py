"""What is known of items and users beside who rated what, as matrices that models can use."""

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

#: Triangles over the ranks of a number.
_RANK_BUMPS = 16
_MOST_CATEGORIES = 300
#: Columns that hold a mean of votes, and their number.
_VOTES = (("vote_average", "vote_count"), ("rating", "members"))
#: With how many votes a mean is half believed.
_VOTES_BEFORE = 50.0

Floats = npt.NDArray[np.float32]
#: Dense, or a scipy sparse matrix.
Matrix: TypeAlias = Any


@dataclass(frozen=True)
class Features:
    """Groups of features, each a matrix with one row a internal id.

    Attributes
    ----------
    users, items
        Name of the group -> matrix of shape ``(num_users, f)`` or ``(num_items, f)``; the row 0 of items is padding.
    """

    users: Mapping[str, Matrix] = field(default_factory=dict)
    items: Mapping[str, Matrix] = field(default_factory=dict)


def history(interactions: Interactions) -> tuple[csr_matrix, csr_matrix]:
    """Who rated what: of users ``(num_users, num_items)``, of items the transpose; sparse, with rows of length 1.

    The division by the root of a row's number is that of SVD++ (Koren, 2008, section 4).
    """
    from scipy.sparse import diags_array

    matrix = interactions.tocsr()
    matrix.data = np.ones(len(matrix.data), dtype=np.float32)
    by_user, by_item = (
        diags_array(1.0 / np.sqrt(np.maximum(one.getnnz(1), 1)).astype(np.float32)) @ one
        for one in (matrix, matrix.T.tocsr())
    )
    return by_user.tocsr(), by_item.tocsr()


def bumps(values: npt.NDArray[Any], low: float, high: float, number: int) -> Floats:
    """Overlapping triangles along a scale: a smooth function of a number is a sum of them.

    Parameters
    ----------
    values
        Shape ``(n,)``; not a number where it is not known, which gives a row of zeros.
    low, high
        Where the first and the last triangle have their tops.
    number
        Of triangles.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, number)``; the rows of known values within the scale sum to 1.
    """
    if not high > low:
        known: Floats = np.isfinite(values).astype(np.float32)[:, None]
        return known
    tops = np.linspace(low, high, number)
    heights = 1.0 - np.abs(np.clip(values, low, high)[:, None] - tops) / (tops[1] - tops[0])
    rows: Floats = np.nan_to_num(np.maximum(heights, 0.0)).astype(np.float32)
    return rows


def members(groups: Sequence[tuple[str, ...]], least: int = 3) -> Floats:
    """Which of several groups (genres, say) each belongs to, with rows of length 1 or 0.

    Parameters
    ----------
    groups
        The groups of each row.
    least
        Groups with fewer rows are left out.
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
    """Features of the first items of a catalogue, from its columns.

    Genres; the year; numbers (votes, runtime) by their rank; categories (language, type) that several items share;
    and, where a mean of votes stands beside their number, the mean drawn towards that of all (a Bayesian average).

    Parameters
    ----------
    items
        The catalogue.
    num_items
        How many rows to make: one more than the last item's internal id, since row 0 is padding.

    Returns
    -------
    dict
        Name of the group -> shape ``(num_items, f)``.
    """
    import pyarrow as pa

    table = items.table.slice(0, num_items - 1)
    groups = {"genres": members([tuple(row or ()) for row in table.column("genres").to_pylist()])}
    numbers = {"year": _numbers(table.column("year"))}
    for name in table.column_names:
        column = table.column(name)
        if name in STANDARD_COLUMNS:
            continue
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numbers[name] = _numbers(column)
        elif pa.types.is_string(column.type):
            groups[name] = _categories(column.to_pylist())
    for name, values in numbers.items():
        groups[name] = bumps(_ranks(values), 0.0, 1.0, _RANK_BUMPS)
    for mean, count in _VOTES:
        if mean in numbers and count in numbers:
            groups[f"{mean} by {count}"] = bumps(
                _ranks(_drawn_to_mean(numbers[mean], numbers[count])), 0.0, 1.0, _RANK_BUMPS
            )
    return {
        name: np.concatenate([np.zeros((1, matrix.shape[1]), np.float32), matrix])
        for name, matrix in groups.items()
        if matrix.shape[1]
    }


def _numbers(column: Any) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _ranks(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """From 0 to 1 by rank, equal values alike; not a number stays so."""
    known = np.isfinite(values)
    ranks = np.full(len(values), np.nan)
    distinct, position = np.unique(values[known], return_inverse=True)
    counts = np.bincount(position, minlength=len(distinct))
    middle = np.cumsum(counts) - counts / 2.0
    ranks[known] = middle[position] / max(1, known.sum())
    return ranks


def _categories(values: list[str | None]) -> Floats:
    """Columns of a word that several items share; none of columns that tell items apart, such as titles."""
    named = [() if value is None else (value,) for value in values]
    if len(set(values)) > min(_MOST_CATEGORIES, max(2, len(values) // 5)):
        return np.zeros((len(values), 0), np.float32)
    return members(named)


def _drawn_to_mean(means: npt.NDArray[Any], counts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    known = np.isfinite(means) & (counts > 0)
    overall = float(np.mean(means[known])) if known.any() else 0.0
    weight = np.where(known, counts, 0.0)
    drawn: npt.NDArray[np.float64] = (np.where(known, means, 0.0) * weight + overall * _VOTES_BEFORE) / (
        weight + _VOTES_BEFORE
    )
    return drawn
