"""Draws of vectors given everything else, a piece at a time: work for an executor.

In coordinates in which the prior of a vector is N(0, I), the posterior of an entity with n ratings and the design
X (n × D) is drawn by Matheron's rule: a prior draw z and noise ε are corrected by the residual that they leave,
z + (XᵀX + I)⁻¹ Xᵀ(y − Xz − ε) = z + Xᵀ(XXᵀ + I)⁻¹(y − Xz − ε). The latter form costs n³ instead of D³, which is less
because most items have few ratings (Doucet, 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from engine.runtime.job import Job
from engine.training.cholesky import cholesky

#: What a draw of a piece of b entities with at most n ratings each depends on, beside the other side's vectors: the
#: residuals and the roots of the noise's precisions, ``(b, n)``; the entities' vectors before, and draws from the
#: prior, ``(b, D)``; and standard normal noise, ``(b, n)``, or None for the conditional mean instead of a draw.
Conditions: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor | None]
#: The vectors drawn, ``(b, D)``, the conditional means, ``(b, D)``, and how much the scores change, ``(b, n)``.
Drawn: TypeAlias = tuple[Tensor, Tensor, Tensor]


def draw_pieces(job: Job, inverse: Any, *arguments: Any) -> list[Drawn]:
    """Draw the vectors of some pieces; all vectors but those of the other side are in coordinates of the prior.

    Parameters
    ----------
    job
        May cancel between pieces.
    inverse
        The map to coordinates in which the prior is N(0, I), transposed, ``(D, D)``.
    *arguments
        For each block of the other side, the entity of each rating, ``(N + 1,)``; for each of these blocks, its
        vectors, ``(count, D)``; the rows of the ratings of each piece, ``(b, n)``; and the :data:`Conditions` of each
        piece.
    """
    *of_others, rows_of_pieces, conditions = arguments
    inverse, *tensors = (torch.as_tensor(one) for one in (inverse, *of_others))
    half = len(tensors) // 2
    others = list(zip(tensors[:half], tensors[half:], strict=True))
    drawn = []
    for rows, given in zip(rows_of_pieces, conditions, strict=True):
        job.checkpoint()
        design = _design(others, torch.as_tensor(rows)) @ inverse.T
        *tensors, noise = given
        residual, root_precision, before, prior = (torch.as_tensor(one) for one in tensors)
        noise = None if noise is None else torch.as_tensor(noise)
        drawn.append(_draw(design, residual, root_precision, before, prior, noise))
    return drawn


def _draw(
    design: Tensor, residual: Tensor, root_precision: Tensor, before: Tensor, prior: Tensor, noise: Tensor | None
) -> Drawn:
    few = design.shape[1] <= design.shape[2]
    wanted = (residual + (design @ before.unsqueeze(2)).squeeze(2)) * root_precision
    weighted = design * root_precision.unsqueeze(2)
    if noise is None:
        right = wanted.unsqueeze(2)
    else:
        right = torch.stack([wanted - (weighted @ prior.unsqueeze(2)).squeeze(2) - noise, wanted], 2)
    solution = _solve(weighted, right, few)
    after = prior + solution[..., 0]
    # A strided tensor would be multiplied with other last bits than its copy from another process.
    return after, solution[..., -1].contiguous(), (design @ (after - before).unsqueeze(2)).squeeze(2)


def _solve(design: Tensor, right: Tensor, few: bool) -> Tensor:
    """Compute (XᵀX + I)⁻¹ Xᵀ r for a batch, with the smaller of the two Gram matrices."""
    gram = design @ design.mT if few else design.mT @ design
    gram.diagonal(dim1=-2, dim2=-1).add_(1.0)
    root = cholesky(gram)
    # For batches of small matrices, two triangular solves are ten times as fast as torch.cholesky_solve.
    half = torch.linalg.solve_triangular(root, right if few else design.mT @ right, upper=False)
    solution: Tensor = torch.linalg.solve_triangular(root.mT, half, upper=True)
    return design.mT @ solution if few else solution


def _design(others: Sequence[tuple[Tensor, Tensor]], rows: Tensor) -> Tensor:
    """Return the design of each row: the sum of the other side's vectors, with 1 for the bias."""
    first, *further = others
    design = _vectors(*first, rows)
    for ids, vectors in further:
        design += _vectors(ids, vectors, rows)
    design[..., -1] = 1.0
    return design


def _vectors(ids: Tensor, vectors: Tensor, rows: Tensor) -> Tensor:
    chosen = vectors.index_select(0, ids.index_select(0, rows.view(-1)))
    return chosen.view(*rows.shape, -1)
