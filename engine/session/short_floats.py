"""Numbers of single precision in as few digits as tell them apart."""

from __future__ import annotations


def shortest(value: float) -> float:
    """The number with the fewest digits that is this one in single precision.

    Examples
    --------
    >>> shortest(4.800000190734863)
    4.8
    """
    import numpy as np

    return float(str(np.float32(value)))
