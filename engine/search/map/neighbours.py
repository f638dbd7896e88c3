"""The nearest neighbours of vectors by cosine, computed exactly in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.runtime.job import Job, Progress

#: The number of cosines that are held at a time.
_AT_A_TIME = 24_000_000


def nearest_neighbours(
    base: npt.NDArray[np.float32],
    k: int,
    job: Job,
    queries: npt.NDArray[Any] | None = None,
    rows: npt.NDArray[np.int64] | None = None,
    device: str = "cpu",
) -> npt.NDArray[np.int64]:
    """The positions in ``base`` of the nearest neighbours of each query.

    Parameters
    ----------
    base
        Vectors of unit length, shape (n, dim).
    k
        How many neighbours.
    job
        Receives the progress, and may cancel between blocks.
    queries
        Stored vectors, which may be memory-mapped; None for ``base`` itself, where no vector is its own neighbour.
    rows
        The rows of ``queries`` to look up.
    device
        The torch device that compares.

    Returns
    -------
    numpy.ndarray
        Shape (number of queries, k), int64, in no particular order.
    """
    import torch

    compared = torch.from_numpy(base).to(device)
    count = len(base) if queries is None or rows is None else len(rows)
    size = max(1, _AT_A_TIME // max(len(base), 1))
    found = np.empty((count, k), dtype=np.int64)
    for start in range(0, count, size):
        job.checkpoint()
        stop = min(start + size, count)
        if queries is None or rows is None:
            cosines = compared[start:stop] @ compared.T
            cosines[torch.arange(stop - start), torch.arange(start, stop)] = -torch.inf
        else:
            block = np.asarray(queries[rows[start:stop]], dtype=np.float32)
            cosines = torch.from_numpy(block).to(device) @ compared.T
        found[start:stop] = torch.topk(cosines, k, dim=1, sorted=False).indices.cpu().numpy()
        job.report(Progress("finding neighbours", stop, count, "items"))
    return found
