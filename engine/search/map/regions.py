"""Regions of a map: groups of near points at several scales, each with a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job
from engine.search.map.terms import Terms

Points = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

#: How many regions each scale has at most, the coarsest first, and how many items a region has on average at least.
_SCALES, _ITEMS_A_REGION = (9, 36, 140), 12
_ITERATIONS = 25
#: The points by which the centres of groups are found: 57 for each of the finest scale.
_FITTED = 8_000
#: What a term of the second and of the third kind counts.
_LESS = (0.5, 0.25)
#: A term names a region only from this score on, and is its second name from this share of the first one's score on.
_LEAST_SCORE, _SECOND = 0.08, 0.45
#: Longer terms are no names.
_LONGEST_TERM = 40
#: Letters by which words count as forms of one another.
_STEM = 5


@dataclass(frozen=True, slots=True)
class MapRegion:
    """A part of a map.

    Attributes
    ----------
    name
        What its items have in common, by their genres and words; never empty.
    x, y
        Where its middle is, on the map's scale.
    size
        The number of its items.
    scale
        0 for the coarsest regions, 1 and 2 for finer ones.
    """

    name: str
    x: float
    y: float
    size: int
    scale: int


def find_regions(
    points: Points, rows: Labels, num_items: int, kinds: Sequence[Terms], job: Job, seed: int = 0
) -> tuple[MapRegion, ...]:
    """The regions of a layout that can be named, the coarsest first, the largest of each scale first.

    Parameters
    ----------
    points
        The layout, shape (n, 2).
    rows
        The row in the catalogue of each point.
    num_items
        The number of items of the catalogue.
    kinds
        What regions can be named by, the most telling kind first; each later one counts half as much as that before it.
    job
        Checked for cancellation.
    seed
        Of the first centres of the groups.
    """
    found: list[MapRegion] = []
    before = 0
    for scale, most in enumerate(_SCALES):
        count = min(most, len(points) // _ITEMS_A_REGION)
        if count <= before:
            break
        before = count
        labels = k_means(points, count, seed, job)
        groups = np.full(num_items, -1, dtype=np.int64)
        groups[rows] = labels
        sizes = np.bincount(labels, minlength=count)
        ranked = _ranked_names(groups, sizes, kinds)
        taken: set[str] = set()
        for region in np.argsort(-sizes, kind="stable"):
            name = next((one for one in _combined(ranked[region]) if one not in taken), "")
            if name and sizes[region]:
                taken.add(name)
                x, y = np.median(points[labels == region], axis=0)
                found.append(MapRegion(name, float(x), float(y), int(sizes[region]), scale))
    return tuple(found)


def k_means(points: Points, k: int, seed: int, job: Job) -> Labels:
    """Groups of near points by Lloyd's algorithm from k-means++ centres, shape (n,).

    The centres of many points are found from a part of them, drawn at random, which takes a fraction of the time.
    """
    from scipy.spatial import cKDTree

    random = np.random.RandomState(seed)
    if len(points) <= _FITTED:
        return _fitted(points, k, random, job)[1]
    centres, _ = _fitted(points[random.choice(len(points), _FITTED, replace=False)], k, random, job)
    labels: Labels = cKDTree(centres).query(points)[1].astype(np.int64)
    return labels


def _fitted(points: Points, k: int, random: np.random.RandomState, job: Job) -> tuple[npt.NDArray[np.float64], Labels]:
    """The centres of groups, shape (k, 2), and the group of each point, shape (n,)."""
    from scipy.spatial import cKDTree

    centres = points[[random.randint(len(points))]].astype(np.float64)
    squares = ((points - centres[0]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        total = float(squares.sum())
        pick = (
            random.randint(len(points))
            if total <= 0
            else int(np.searchsorted(np.cumsum(squares), random.rand() * total))
        )
        centres = np.vstack([centres, points[min(pick, len(points) - 1)]])
        squares = np.minimum(squares, ((points - centres[-1]) ** 2).sum(axis=1))
    labels = np.zeros(len(points), dtype=np.int64)
    for _ in range(_ITERATIONS):
        job.checkpoint()
        labels, before = cKDTree(centres).query(points)[1].astype(np.int64), labels
        sizes = np.bincount(labels, minlength=k)
        sums = np.stack([np.bincount(labels, points[:, axis], minlength=k) for axis in (0, 1)], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
        if (labels == before).all():
            break
    return centres, labels


def _ranked_names(groups: Labels, sizes: Labels, kinds: Sequence[Terms]) -> list[list[tuple[float, str]]]:
    """The terms that tell each group from the others, with their scores, best first.

    A term scores the share of the group that has it, times the logarithm of how much more frequent it is there than
    on the whole map.
    """
    ranked: list[list[tuple[float, str]]] = [[] for _ in sizes]
    earlier: list[str] = []
    for weight, terms in zip((1.0, *_LESS), kinds, strict=False):
        if not len(terms.names):
            continue
        counts = terms.counts(groups, len(sizes))
        overall = np.maximum(counts.sum(axis=0), 1) / max(int(sizes.sum()), 1)
        shares = counts / np.maximum(sizes, 1)[:, None]
        scores = weight * shares * np.log(np.maximum(shares / overall, 1e-9))
        scores[counts < 2] = 0
        scores[:, [len(name) > _LONGEST_TERM for name in terms.names]] = 0
        known = " ".join(earlier).casefold()
        scores[:, [name.casefold() in known for name in terms.names]] = 0  # genres are words of many texts, too
        earlier += terms.names
        best = np.argsort(-scores, axis=1, kind="stable")[:, :8]
        for region, (its_terms, its_scores) in enumerate(zip(best, scores, strict=True)):
            ranked[region] += [
                (float(its_scores[one]), terms.names[one]) for one in its_terms if its_scores[one] >= _LEAST_SCORE
            ]
    return [sorted(one, key=lambda pair: (-pair[0], pair[1])) for one in ranked]


def _combined(ranked: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Names of a region, the most fitting first: two terms where a second one fits nearly as well, else one."""
    for number, (score, first) in enumerate(ranked):
        others = [name for other, name in ranked[number + 1 :] if other >= _SECOND * score and not _alike(first, name)]
        yield from (f"{first} · {name}" for name in others)
        yield first


def _alike(one: str, other: str) -> bool:
    first, second = one.casefold(), other.casefold()
    return first[:_STEM] == second[:_STEM] or first in second or second in first
