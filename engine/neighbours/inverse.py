"""The inverse of a large positive definite matrix, in its own place and in pieces that can be interrupted."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: Rows of a piece. Smaller pieces are slower, larger ones keep a person who cancels waiting.
BLOCK = 512


def invert_in_place(matrix: Tensor, pause: Callable[[float], None], block: int = BLOCK) -> None:
    """Replace a symmetric positive definite matrix by its inverse.

    Cholesky's factor, its inverse, and that times itself, one block of rows after the other, all within the matrix:
    beside it a few blocks of rows are needed. The work is that of LAPACK's ``potrf`` and ``potri`` and a third more,
    nearly all of it in matrix products.

    Parameters
    ----------
    matrix
        ``(n, n)``; only its lower half is read.
    pause
        Called between pieces with the share of the work that is done.
    block
        Rows of a piece.

    Raises
    ------
    ArithmeticError
        If the matrix is not positive definite; it is then spoilt.
    """
    size = len(matrix)
    starts = range(0, size, block)
    for start in starts:  # the factor L, of which only the lower half is written
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
    for start in starts:  # its inverse, from the top down
        stop = min(start + block, size)
        corner = matrix[start:stop, start:stop]
        eye = torch.eye(stop - start, dtype=matrix.dtype, device=matrix.device)
        inverse = torch.linalg.solve_triangular(corner.tril(), eye, upper=False)
        row = torch.empty(stop - start, start, dtype=matrix.dtype, device=matrix.device)
        for left in range(0, start, block):
            pause(0.3 + 0.4 * (start / size) ** 2)
            right = min(left + block, start)
            # The inverse above is lower triangular: columns from `left` on are empty above row `left`.
            row[:, left:right] = matrix[start:stop, left:start] @ matrix[left:start, left:right]
        matrix[start:stop, :start] = -inverse @ row
        corner.copy_(inverse)
    for start in starts:  # the inverse's transpose times the inverse; a row block once done is not read again
        stop = min(start + block, size)
        below = matrix[start:, start:stop].clone()
        for left in range(0, stop, block):
            pause(0.7 + 0.3 * start / size)
            right = min(left + block, stop)
            matrix[start:stop, left:right] = below.T @ matrix[start:, left:right]
    for start in starts:  # the upper half is the lower one's mirror image
        stop = min(start + block, size)
        pause(1.0)
        square = matrix[start:stop, start:stop]
        square.copy_((square + square.T) / 2)
        matrix[:start, start:stop] = matrix[start:stop, :start].T
