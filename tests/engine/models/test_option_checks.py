"""A number that an option cannot have is refused by every model, in one sentence that names the option."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engine import models
from engine.errors import OptionError

NUMBERS = [
    (name, option)
    for name, spec in models.describe().items()
    for option, declared in spec.options.items()
    if isinstance(declared.default, int | float) and not isinstance(declared.default, bool)
]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 10**400, "3"], ids=lambda value: str(value)[:6])
@pytest.mark.parametrize(("name", "option"), NUMBERS)
def test_an_impossible_number_is_refused_by_the_option_s_name(name: str, option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=rf"^{option} must be .*\.$"):
        models.get(name).load_class()(**{option: value})


@pytest.mark.parametrize("seed", [None, 0, 2**32 - 1, np.int64(7), np.random.RandomState(3)])
def test_what_numpy_takes_as_a_seed_is_one(seed: Any) -> None:
    assert models.create("popular", random_state=seed).random_state is seed
