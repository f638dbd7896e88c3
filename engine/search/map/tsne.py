"""t-SNE whose repulsion is computed on a grid by fast Fourier transforms.

t-SNE (van der Maaten and Hinton, 2008) places points so that neighbours stay neighbours. Each point is attracted by its
nearest neighbours with equal weights, which does as well as weights from perplexities (Böhm et al., 2022). Each is
repelled by all others: their density, spread over a grid, is convolved with the kernels of the repulsion, and the
fields are interpolated at the points (Linderman et al., 2019; Pezzotti et al., 2020). A step thus takes a time in
proportion to the number of points.

scikit-learn comes with a t-SNE that takes minutes for 45,000 points and cannot be stopped on the way; the faster
libraries are compiled extensions that this program would need for one picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job, Progress

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Points = npt.NDArray[np.float32]

#: Steps in all, and those at first in which attraction is exaggerated so that groups find together.
STEPS, _EXAGGERATED = 300, 50
_EXAGGERATION = 12.0
#: The learning rate is the number of points divided by this (Belkina et al., 2019), and at least the second number.
_RATE_DIVISOR, _LEAST_RATE = 12.0, 50.0
#: The share of a step that goes on in the next one, at first and later.
_MOMENTUM = (0.5, 0.8)
#: No point moves farther than this in a step, in units of the layout, where two points at distance 1 attract half.
_LONGEST_STEP = 5.0
#: The spread of the points at the beginning.
_FIRST_SPREAD = 1e-2
#: The width of a cell of the grid, and the most cells on a side; a wider layout has wider cells.
_CELL, _MOST_CELLS = 0.5, 448
_CELLS_ARE_A_MULTIPLE_OF = 32


def tsne(neighbours: npt.NDArray[np.int64], start: Points, job: Job, seed: int = 0) -> Points:
    """Lay out points by their neighbours.

    Parameters
    ----------
    neighbours
        The neighbours of each point, shape (n, k).
    start
        The layout to begin with, shape (n, 2). Its proportions matter and not its size.
    job
        Receives the progress, and may cancel between steps.
    seed
        Of the tiny differences by which equal points are told apart.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2), float32. The same arguments give the same layout on the same machine.
    """
    from scipy.sparse import csr_matrix

    attraction = _attraction(neighbours)
    ends = attraction.indices
    begins = np.repeat(np.arange(len(start)), np.diff(attraction.indptr))
    random = np.random.RandomState(seed)
    spread = float(start.std(axis=0).max()) or 1.0
    jitter = random.normal(0, _FIRST_SPREAD / 100, start.shape)
    points: Points = (start / spread * _FIRST_SPREAD + jitter).astype(np.float32)
    velocity, gains = np.zeros_like(points), np.ones_like(points)
    rate = max(len(points) / _RATE_DIVISOR, _LEAST_RATE)
    grid = _Grid()
    for step in range(STEPS):
        job.checkpoint()
        early = step < _EXAGGERATED
        apart = points[begins] - points[ends]
        strengths = attraction.data / (1 + np.einsum("ij,ij->i", apart, apart))
        pulls = csr_matrix((strengths, ends, attraction.indptr), attraction.shape)
        attracted = np.asarray(pulls.sum(axis=1)) * points - pulls @ points
        gradient = 4 * ((_EXAGGERATION if early else 1.0) * attracted - grid.repulsion(points))
        gains = np.maximum(np.where((gradient > 0) == (velocity > 0), gains * 0.8, gains + 0.2), 0.01)
        velocity = _MOMENTUM[not early] * velocity - rate * gains * gradient
        length = np.sqrt(np.einsum("ij,ij->i", velocity, velocity))
        velocity *= np.minimum(1, _LONGEST_STEP / np.maximum(length, 1e-9))[:, None]
        moved = points + velocity
        points = (moved - moved.mean(axis=0)).astype(np.float32)
        job.report(Progress("laying out the map", step + 1, STEPS, "steps"))
    return points


def _attraction(neighbours: npt.NDArray[np.int64]) -> csr_matrix:
    """How strongly each pair attracts each other, as a symmetric matrix whose sum is 1."""
    from scipy.sparse import coo_matrix

    n, k = neighbours.shape
    begins = np.repeat(np.arange(n), k)
    one_way = coo_matrix((np.ones(n * k, dtype=np.float32), (begins, neighbours.ravel())), (n, n)).tocsr()
    both = (one_way + one_way.T) * np.float32(0.5 / max(n * k, 1))
    both.sum_duplicates()
    return both


@dataclass(slots=True)
class _Grid:
    """The repulsion between points, with the transformed kernels of the last grid."""

    size: int = 0
    cell: float = 0.0
    padded: int = 0
    kernels: list[npt.NDArray[Any]] = field(default_factory=list)

    @property
    def _of_corners(self) -> npt.NDArray[np.float64]:
        """The affinity between the four corners of a cell, shape (4, 4)."""
        corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * self.cell
        apart = corners[:, None] - corners[None, :]
        affinity: npt.NDArray[np.float64] = 1 / (1 + (apart**2).sum(axis=2))
        return affinity

    def repulsion(self, points: Points) -> npt.NDArray[np.float64]:
        """The sum of the normalised repulsion on each point, shape (n, 2)."""
        from scipy.fft import irfft2, rfft2

        low = points.min(axis=0)
        cell = _CELL
        while (span := float((points.max(axis=0) - low).max()) / cell) > _MOST_CELLS:
            cell *= 1.1  # in steps, so that kernels serve for many steps of the layout
        places = (points - low) / cell + 1
        corners = places.astype(np.int64)
        self._prepare(-(-(int(span) + 4) // _CELLS_ARE_A_MULTIPLE_OF) * _CELLS_ARE_A_MULTIPLE_OF, cell)
        within = places - corners
        along_x = np.stack([1 - within[:, 0], within[:, 0]], axis=1)
        along_y = np.stack([1 - within[:, 1], within[:, 1]], axis=1)
        shares = (along_x[:, :, None] * along_y[:, None, :]).reshape(-1, 4)
        cells = (corners[:, 0] * self.size + corners[:, 1])[:, None] + np.array([0, 1, self.size, self.size + 1])
        density = np.bincount(cells.ravel(), shares.ravel(), self.size**2).reshape(self.size, self.size)
        transformed = rfft2(density.astype(np.float32), (self.padded, self.padded))
        sums = []
        for kernel in self.kernels:
            values = irfft2(transformed * kernel, (self.padded, self.padded))[: self.size, : self.size]
            sums.append(np.einsum("ij,ij->i", np.ascontiguousarray(values).ravel()[cells], shares))
        # Without the affinity of each point with itself, which the grid has spread over the corners of a cell.
        itself = float(np.einsum("ij,jk,ik->", shares, self._of_corners, shares))
        affinity = float(sums[0].sum()) - itself
        return np.stack(sums[1:], axis=1) / max(affinity, 1e-9)

    def _prepare(self, size: int, cell: float) -> None:
        """Transform the kernels for a grid of ``size`` by ``size`` cells, unless that is done."""
        from scipy.fft import next_fast_len, rfft2

        if (size, cell) == (self.size, self.cell):
            return
        self.size, self.cell = size, cell
        self.padded = next_fast_len(2 * size, real=True)
        number = np.arange(self.padded)
        steps = np.where(number > self.padded // 2, number - self.padded, number).astype(np.float32) * np.float32(cell)
        affinity = 1 / (1 + steps[:, None] ** 2 + steps[None, :] ** 2)
        squared = affinity**2
        self.kernels = [rfft2(one) for one in (affinity, squared * steps[:, None], squared * steps[None, :])]
