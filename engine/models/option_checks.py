"""Checks of numbers among a model's options."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.errors import OptionError

#: The largest seed that NumPy takes.
MAX_SEED = 2**32 - 1


def require_whole(least: int = 1, /, **options: Any) -> None:
    """Check that each option is a whole number and not below the least one.

    Raises
    ------
    OptionError
        If one is not.
    """
    for name, value in options.items():
        if not (_is_finite(value) and int(value) == value and value >= least):
            raise OptionError(f"{name} must be a whole number from {least} on, not {value!r}.")


def require_not_negative(**options: Any) -> None:
    """Check that each option is a finite number of 0 or more.

    Raises
    ------
    OptionError
        If one is not.
    """
    for name, value in options.items():
        if not (_is_finite(value) and value >= 0):
            raise OptionError(f"{name} must be 0 or more, not {value!r}.")


def require_positive(**options: Any) -> None:
    """Check that each option is a finite number above 0.

    Raises
    ------
    OptionError
        If one is not.
    """
    for name, value in options.items():
        if not (_is_finite(value) and value > 0):
            raise OptionError(f"{name} must be above 0, not {value!r}.")


def require_between(low: float, high: float, /, **options: Any) -> None:
    """Check that each option is a finite number from ``low`` to ``high``, both included.

    Raises
    ------
    OptionError
        If one is not.
    """
    for name, value in options.items():
        if not (_is_finite(value) and low <= value <= high):
            raise OptionError(f"{name} must be between {low:g} and {high:g}, not {value!r}.")


def require_seed(random_state: Any) -> None:
    """Check that this is what NumPy and torch both take as a seed, a generator of NumPy, or None.

    Raises
    ------
    OptionError
        If it is not.
    """
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return
    if isinstance(random_state, int | np.integer) and 0 <= random_state <= MAX_SEED:
        return
    raise OptionError(f"random_state must be a whole number from 0 to {MAX_SEED}, not {random_state!r}.")


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):  # not a number, or a whole number that no float can hold
        return False
