"""The memory that training a neighbourhood model takes, from counts; see :mod:`engine.factorization.memory`."""

from __future__ import annotations

from engine.factorization.memory import OFFSETS, PAIRS_BUILDING, PAIRS_KEPT, WORKSPACE, Options
from engine.models.counts import Counts

#: The number of elements of one dense block of columns; see :mod:`engine.neighbours.overlap`.
_PIECE = 4_194_304


def knn(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.neighbours.knn.NeighboursModel`, if every item has all its neighbours."""
    largest = max(counts.users, counts.items)
    blocks = 4 * min(256, max(1, _PIECE // largest)) * (counts.users / 2 + 10 * counts.items)
    neighbours = 72 * counts.items * min(options["neighbors"], counts.items)
    preparing = max(OFFSETS, 24 + 2 * PAIRS_KEPT + PAIRS_BUILDING) * counts.interactions
    comparing = (24 + 3 * PAIRS_KEPT) * counts.interactions + blocks + neighbours
    return float(WORKSPACE + max(preparing, comparing))


def ease(counts: Counts, options: Options) -> float:
    """Estimate the memory of :class:`engine.neighbours.ease.EaseModel`."""
    solving = (PAIRS_KEPT + 20) * counts.interactions + ease_matrices(counts.items, options["double"])
    return float(WORKSPACE + max(PAIRS_BUILDING * counts.interactions, solving))


def ease_matrices(num_items: int, double: bool = False) -> int:
    """Compute the bytes of the matrices over pairs of items with which EASE is solved.

    They are the matrix, single-precision weights made of one in double precision, and what the check for finite numbers
    takes.
    """
    return num_items**2 * (16 if double else 12)
