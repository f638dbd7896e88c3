"""Cholesky factors of matrices that rounding may have made indefinite."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.errors import LearningError

#: The multiples of the mean of the diagonal that are added to it, one after another, until the factorisation succeeds.
_JITTERS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)


def cholesky(matrix: Tensor) -> Tensor:
    """Compute the lower Cholesky factor of a symmetric matrix, or of each matrix of a batch.

    A matrix that is positive definite in exact arithmetic may fail in float32 because of rounding. A small multiple of
    its mean diagonal is then added to its diagonal. Matrices that do not fail are factorised as they are.

    Parameters
    ----------
    matrix
        The matrices, shape ``(..., d, d)``.

    Returns
    -------
    Tensor
        The factors, in the shape of ``matrix``.

    Raises
    ------
    LearningError
        If a matrix is not finite, or far from positive definite.
    """
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if not failed.any():
        return factor
    size = matrix.diagonal(dim1=-2, dim2=-1).abs().mean(-1).clamp_min(torch.finfo(matrix.dtype).tiny)
    eye = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    added = torch.zeros_like(size)
    for jitter in _JITTERS:
        added = torch.where(failed > 0, jitter * size, added)
        factor, failed = torch.linalg.cholesky_ex(matrix + added[..., None, None] * eye)
        if not failed.any():
            return factor
    raise LearningError(
        "The equations of the model have no solution in the precision of the machine: look for ratings or weights that "
        "are far larger than all others, and leave them out."
    )
