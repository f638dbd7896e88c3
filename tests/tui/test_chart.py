"""Charts in braille."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.chart import LABELS, Series, chart

numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(st.tuples(numbers, numbers), max_size=20), st.integers(1, 60), st.integers(1, 9), st.booleans())
def test_a_chart_keeps_to_its_room_whatever_is_drawn(
    points: list[tuple[float, float]], width: int, height: int, log: bool
) -> None:
    series = Series([x for x, _ in points], [y for _, y in points], connected=True)
    lines = chart([series], width, height, log=log).plain.split("\n")
    assert len(lines) == max(height, 2)
    assert all(cell_len(line) <= max(width, LABELS + 5) for line in lines[:-1])


def test_higher_values_are_further_up_and_the_ends_are_labelled() -> None:
    lines = chart([Series([1, 2, 3], [10, 20, 30])], 40, 6).plain.split("\n")
    assert lines[0].startswith("      30 ")
    assert lines[0].rstrip()[-1] != "0"
    assert lines[4].startswith("      10 ")
    assert lines[5].split() == ["1", "3"]
    assert "\u2800" not in lines[0]


def test_a_logarithmic_axis_puts_the_geometric_mean_in_the_middle() -> None:
    top = chart([Series([1, 10, 100], [0, 1, 0])], LABELS + 1 + 21, 3, log=True).plain.split("\n")[0]
    drawn = top[LABELS + 1 :]
    assert drawn.strip()
    assert math.isclose(len(drawn) - len(drawn.lstrip()), 10, abs_tol=1)
