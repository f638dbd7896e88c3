"""Names of regions: none covers another, or what it must not cover."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.search.map.regions import MapRegion
from tui.map.labels import place_labels


def regions(*names: str, scale: int = 0) -> list[MapRegion]:
    return [MapRegion(name, 0, 0, 10, scale) for name in names]


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=40), st.floats(-9, 99), st.floats(-9, 49), st.integers(0, 2)),
        max_size=30,
    ),
    st.integers(1, 90),
    st.integers(1, 40),
    st.floats(1, 20),
)
def test_names_stay_inside_and_apart(given_, width, height, zoom):
    found = place_labels(
        [MapRegion(name, 0, 0, 1, scale) for name, _, _, scale in given_],
        [(across, down) for _, across, down, _ in given_],
        width,
        height,
        zoom,
    )
    used = [(label.row, label.column + cell) for label in found for cell in range(cell_len(label.text))]
    assert len(used) == len(set(used))
    assert all(0 <= row < height and 0 <= column < width for row, column in used)


def test_a_name_moves_out_of_the_way_of_what_it_must_not_cover():
    (found,) = place_labels(regions("Western"), [(20, 5)], 40, 10, 1, taken=[(20, 5)])
    assert found.row == 6


def test_a_name_covers_marks_only_where_there_is_no_other_place():
    everywhere = [(column, row) for column in range(40) for row in range(10)]
    (found,) = place_labels(regions("Western"), [(20, 5)], 40, 10, 1, avoided=everywhere)
    assert found.row == 5
    (found,) = place_labels(regions("Western"), [(20, 5)], 40, 10, 1, avoided=[(20, 5)])
    assert found.row == 6
    assert place_labels(regions("Western"), [(20, 5)], 40, 10, 1, taken=everywhere) == []


def test_closer_finer_regions_are_named():
    both = [*regions("Crime"), *regions("heist", scale=1)]
    cells = [(20.0, 0.5), (20.0, 0.5)]
    assert place_labels(both, cells, 40, 1, 1)[0].text != place_labels(both, cells, 40, 1, 4)[0].text


def test_a_large_map_names_finer_regions_too():
    both = [*regions("Crime"), *regions("heist", scale=1)]
    cells = [(20.0, 5.0), (20.0, 15.0)]
    assert [label.text for label in place_labels(both, cells, 60, 20, 1)] == ["Crime"]
    assert [label.text for label in place_labels(both, cells, 120, 20, 1)] == ["Crime", "heist"]
