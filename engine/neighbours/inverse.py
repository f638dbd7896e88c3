"""In-place, interruptible inversion of a large positive definite matrix."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: The rows of a block. Smaller blocks are slower; larger blocks delay a cancellation.
BLOCK = 512


def invert_in_place(matrix: Tensor, pause: Callable[[float], None], block: int = BLOCK) -> None:
    """Replace a symmetric positive definite matrix by its inverse.

    The Cholesky factor, its inverse, and the product of the transposed inverse and the inverse are computed one block
    of rows after the other. They overwrite the matrix; only a few blocks of rows are needed in addition. The work is
    about four thirds of that of LAPACK's ``potrf`` and ``potri``, nearly all of it in matrix products.

    Parameters
    ----------
    matrix
        The matrix, ``(n, n)``. Only its lower half is read.
    pause
        A function called between blocks with the share of the work that is done.
    block
        The number of rows of a block.

    Raises
    ------
    ArithmeticError
        If the matrix is not positive definite. Its content is then undefined.
    """
    size = len(matrix)
    starts = range(0, size, block)
    for start in starts:  # compute the factor L, in the lower half only
        stop = min(start + block, size)
        head = matrix[start:stop, :start]
        for top in range(start, size, block):
            pause(0.3 * (start / size))
            bottom = min(top + block, size)
            matrix[top:bottom, start:stop].addmm_(matrix[top:bottom, :start], head.T, alpha=-1.0)
        corner, failed = torch.linalg.cholesky_ex(matrix[start:stop, start:stop])
        if failed:
            raise ArithmeticError("the matrix is not positive definite")
        matrix[start:stop, start:stop] = corner
        rest = matrix[stop:, start:stop]
        if len(rest):
            rest.copy_(torch.linalg.solve_triangular(corner.T, rest, upper=True, left=False))
    for start in starts:  # compute the inverse of L, from the top down
        stop = min(start + block, size)
        corner = matrix[start:stop, start:stop]
        eye = torch.eye(stop - start, dtype=matrix.dtype, device=matrix.device)
        inverse = torch.linalg.solve_triangular(corner.tril(), eye, upper=False)
        row = torch.empty(stop - start, start, dtype=matrix.dtype, device=matrix.device)
        for left in range(0, start, block):
            pause(0.3 + 0.4 * (start / size) ** 2)
            right = min(left + block, start)
            # The inverse is lower triangular: its columns from `left` on are 0 above row `left`.
            row[:, left:right] = matrix[start:stop, left:start] @ matrix[left:start, left:right]
        matrix[start:stop, :start] = -inverse @ row
        corner.copy_(inverse)
    for start in starts:  # multiply the transposed inverse by the inverse; finished blocks are not read again
        stop = min(start + block, size)
        below = matrix[start:, start:stop].clone()
        for left in range(0, stop, block):
            pause(0.7 + 0.3 * start / size)
            right = min(left + block, stop)
            matrix[start:stop, left:right] = below.T @ matrix[start:, left:right]
    for start in starts:  # copy the lower half to the upper half
        stop = min(start + block, size)
        pause(1.0)
        square = matrix[start:stop, start:stop]
        square.copy_((square + square.T) / 2)
        matrix[:start, start:stop] = matrix[start:stop, :start].T
