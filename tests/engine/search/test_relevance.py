"""The estimate of how well an item fits: what calibrates it must not change the order."""

from __future__ import annotations

import numpy as np

from engine.search.relevance import WORD_BEND, bent


def test_the_bend_keeps_the_order_of_all_matches() -> None:
    logits = np.linspace(-20, 20, 4001)
    assert (np.diff(bent(logits, *WORD_BEND)) > 0).all()


def test_slopes_of_one_add_the_offset_alone() -> None:
    logits = np.array([-50.0, -1.0, 0.0, 2.0, 50.0])
    np.testing.assert_allclose(bent(logits, 1.0, 1.0, -0.25), logits - 0.25)
