"""Checks for internal ids that callers give as numbers, lists, arrays or tensors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import OptionError
from engine.interactions import whole_numbers


def as_ids(ids: npt.ArrayLike, size: int, kind: str) -> Tensor:
    """Check ids and convert them to an int64 tensor of the same shape on the CPU.

    Parameters
    ----------
    ids
        A number or an array; floats are accepted where they are whole.
    size
        The number of ids: valid ids are 0 to ``size - 1``.
    kind
        What they are ids of, for the error.

    Raises
    ------
    ValueError
        If one is not a whole number, or is out of range.
    """
    array = ids.detach().cpu().numpy() if isinstance(ids, Tensor) else np.asarray(ids)
    if array.size == 0:
        return torch.zeros(array.shape, dtype=torch.long)
    try:
        array = whole_numbers(array, f"{kind} ids")
    except ValueError as error:
        raise OptionError(f"{error}.") from None
    if not 0 <= int(array.min()) <= int(array.max()) < size:
        wrong = int(array.min()) if array.min() < 0 else int(array.max())
        raise OptionError(f"{kind} id {wrong} is not between 0 and {size - 1}, the range that the model knows.")
    return torch.from_numpy(np.array(array, dtype=np.int64))
