"""Where points fall, and where keys lead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.map.viewport import Viewport, nearest_to, next_in_direction
from tui.widgets.braille import braille

SIZES = st.integers(1, 200)
PLACES = st.floats(-1, 1, width=32)


@given(SIZES, SIZES, st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=30))
def test_the_whole_map_is_in_the_window(width, height, points):
    cells = Viewport(width, height).cells(np.array(points, dtype=np.float32).T)
    assert ((cells >= 0) & ((width, height) >= cells.T).T).all()


@given(st.floats(0, 79), st.floats(0, 23), st.floats(1.01, 8), st.integers(1, 12))
def test_what_is_under_the_mouse_stays_there_while_one_zooms_in(column, row, by, times):
    viewport = Viewport(80, 24)
    before = viewport.at(column, row)
    for _ in range(times):
        viewport = viewport.zoomed(by, column, row)
    assert viewport.at(column, row) == pytest.approx(before, abs=1e-6)


def test_zooming_out_ends_with_the_whole_map():
    viewport = Viewport(80, 24).zoomed(4, 3, 3).moved(500, 500)
    for _ in range(9):
        viewport = viewport.zoomed(1 / 1.5, 79, 0)
    assert viewport == Viewport(80, 24)


def test_the_window_does_not_leave_the_map():
    viewport = Viewport(80, 24).zoomed(8, 40, 12).moved(-10_000, 10_000)
    assert (viewport.x, viewport.y) == (-1, -1)


CROSS = np.array([[10, 10], [14, 10], [12, 10.5], [10, 6], [10, 13], [3, 10], [40, 2]], dtype=np.float32).T


@pytest.mark.parametrize(
    ("across", "down", "least", "found"),
    [(1, 0, 1, 2), (1, 0, 3, 1), (-1, 0, 1, 5), (0, -1, 1, 3), (0, 1, 1, 4), (1, 0, 20, 6), (-1, 0, 20, None)],
)
def test_a_key_leads_to_the_next_point_in_its_direction(across, down, least, found):
    assert next_in_direction(CROSS, 0, across, down, least) == found


def test_of_points_in_one_cell_the_best_known_is_picked():
    cells = np.array([[5.5, 5.5], [9.9, 5.1], [9.1, 5.9]], dtype=np.float32).T
    assert next_in_direction(cells, 0, 1, 0) == 1
    assert nearest_to(cells, 9, 5) == 1


@given(st.lists(st.tuples(PLACES, PLACES), min_size=2, max_size=40), st.integers(0, 39))
def test_from_any_point_the_ways_lead_to_other_points(points, start):
    cells = Viewport(60, 20).cells(np.array(points, dtype=np.float32).T)
    start %= len(points)
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        found = next_in_direction(cells, start, across, down)
        if found is not None:
            moved = np.floor(cells[:, found]) - np.floor(cells[:, start])
            assert moved @ (across, down) > 0


def test_each_corner_of_a_cell_is_a_dot_of_its_own():
    corners = np.array([[0, 0], [0.5, 0], [0, 0.25], [0.5, 0.75]])
    characters, counts, cell_of = braille(
        np.vstack([corners, [[1.2, 0.3], [-0.1, 0], [2.0, 0.5]]]).T.astype(np.float32), 2, 1
    )
    assert "".join(map(chr, characters[0])) == "⢋⠂"
    assert counts.tolist() == [[4, 1]]
    assert cell_of.tolist() == [0, 0, 0, 0, 1, -1, -1]
