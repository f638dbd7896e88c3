from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.search.mmr import rerank, series_similarity


def test_titles_of_one_series_are_alike() -> None:
    titles = [
        "The Godfather",
        "The Godfather: Part II",
        "Naruto: Shippuuden",
        "Naruto x UT",
        "Star Wars",
        "Star Trek II: The Wrath of Khan",
        "Heat",
        "Toy Story 2",
        "Toy Story 3",
        "",
    ]
    alike = np.array([series_similarity(titles)(row) for row in range(len(titles))])
    np.testing.assert_array_equal(alike, alike.T)
    pairs = {(0, 1): 1, (2, 3): 1, (4, 5): 0.5, (7, 8): 1, (6, 0): 0, (6, 7): 0}
    for pair, expected in pairs.items():
        assert alike[pair] == expected, pair


def test_sequels_make_room() -> None:
    scores = np.array([1.0, 0.9, 0.85, 0.5, 0.0], dtype=np.float32)
    series = np.array([1, 1, 1, 2, 3])

    def likeness(row: int) -> np.ndarray:
        return (series == series[row]).astype(np.float32)

    assert rerank(scores, likeness, 3, 0.0) == [0, 1, 2]
    assert rerank(scores, likeness, 3, 0.5) == [0, 3, 4]
    assert rerank(scores, likeness, 3, 0.2) == [0, 1, 2]


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=12),
    st.integers(1, 15),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_a_list_keeps_its_length_and_its_first(scores: list[float], k: int, diversity: float, seed: int) -> None:
    ordered = np.array(sorted(scores, reverse=True), dtype=np.float32)
    alike = np.random.RandomState(seed).rand(len(scores), len(scores)).astype(np.float32)
    order = rerank(ordered, lambda row: alike[row], k, diversity)
    assert len(order) == len(set(order)) == min(k, len(scores))
    assert ordered[order[0]] == ordered[0] or diversity == 1
