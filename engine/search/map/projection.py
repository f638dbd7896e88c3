"""Principal components of stored vectors, read in blocks: the first picture of a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job

Points = npt.NDArray[np.float32]

_BLOCK = 16_384
#: Components that hold less than this share of the variance tell rounding errors.
_NO_VARIANCE = 1e-9
#: The dimensions of the subspace that is iterated, and how often: enough for a picture.
_SUBSPACE, _ITERATIONS = 8, 30
#: The angle between neighbours of a sunflower, in radians.
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def usable(vectors: npt.NDArray[Any], rows: npt.NDArray[np.int64], job: Job | None = None) -> npt.NDArray[np.bool_]:
    """Whether the vector in each of these rows says anything: finite and not zero, shape (len(rows),)."""
    fits = np.empty(len(rows), dtype=bool)
    for start in range(0, len(rows), _BLOCK):
        if job is not None:
            job.checkpoint()
        block = np.asarray(vectors[rows[start : start + _BLOCK]], dtype=np.float32)
        with np.errstate(all="ignore"):
            squares = np.einsum("ij,ij->i", block, block)
        fits[start : start + _BLOCK] = np.isfinite(squares) & (squares > 0)
    return fits


def principal_plane(vectors: npt.NDArray[Any], rows: npt.NDArray[np.int64], job: Job | None = None) -> Points:
    """The first two principal components of some vectors.

    The covariance is summed up in blocks of rows. The sign of each component is the one for which its largest weight is
    positive, so equal vectors give equal pictures.

    Parameters
    ----------
    vectors
        Stored vectors, shape (num_vectors, dim), which may be memory-mapped.
    rows
        The rows of the vectors to project.
    job
        Checked between blocks for cancellation.

    Returns
    -------
    numpy.ndarray
        Shape (len(rows), 2), float32. Where the vectors are all equal, the points lie like the seeds of a sunflower.
    """
    dim = vectors.shape[1]
    total, products = np.zeros(dim), np.zeros((dim, dim))
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    for block in blocks:
        if job is not None:
            job.checkpoint()
        part = np.asarray(vectors[block], dtype=np.float32)
        total += part.sum(axis=0)
        products += part.T @ part
    mean = total / max(len(rows), 1)
    covariance = products / max(len(rows), 1) - np.outer(mean, mean)
    if len(rows) < 2 or dim < 2 or np.trace(covariance) <= _NO_VARIANCE * max(1.0, float(mean @ mean)):
        return sunflower(len(rows))
    plane = _leading(covariance)
    plane = plane * np.sign(plane[np.abs(plane).argmax(axis=0), [0, 1]])
    kept, middle = plane.astype(np.float32), mean.astype(np.float32)
    return np.concatenate([(np.asarray(vectors[block], dtype=np.float32) - middle) @ kept for block in blocks])


def _leading(covariance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The two leading eigenvectors of a covariance matrix, shape (dim, 2), by subspace iteration.

    All of them would take many times as long, and where other programs compute at the same time, seconds.
    """
    start = np.random.RandomState(0).normal(size=(len(covariance), min(_SUBSPACE, len(covariance))))
    basis = np.linalg.qr(start)[0]
    for _ in range(_ITERATIONS):
        basis = np.linalg.qr(covariance @ basis)[0]
    _, within = np.linalg.eigh(basis.T @ covariance @ basis)
    leading: npt.NDArray[np.float64] = basis @ within[:, :-3:-1]
    return leading


def sunflower(count: int) -> Points:
    """Points that fill a disc evenly, the first one in its centre, shape (count, 2)."""
    number = np.arange(count)
    radius, angle = np.sqrt(number / max(count, 1)), number * _GOLDEN_ANGLE
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def normalised(points: Points) -> Points:
    """The points moved and scaled into the square from -1 to 1; their proportions stay."""
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    size = float((high - low).max())
    scaled: Points = ((points - (low + high) / 2) * (2 / size if size > 0 else 1)).astype(np.float32)
    return scaled
