"""How often a user gave each rating, as columns of blocks above their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.bars import compact, histogram

_MOST_BINS = 12


class Histogram(Widget):
    """Uses the height that it is given; the last line holds the labels."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"histogram--bar", "histogram--label"}

    DEFAULT_CSS = """
    Histogram {
        height: 4;
        padding: 0 2;
        & > .histogram--bar { color: $text-accent; }
        & > .histogram--label { color: $text-muted; }
    }
    """

    bins: reactive[tuple[tuple[str, int], ...]] = reactive(())

    def count(self, ratings: Sequence[float], low: float, high: float) -> None:
        """Sort these ratings, given on a scale from ``low`` to ``high``, into bins."""
        self.bins = bins(ratings, low, high)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, height = self.content_size.width, self.content_size.height
        if not self.bins:
            return Strip.blank(width, self.rich_style)
        cell = max(min(max(len(label) for label, _ in self.bins) + 1, width // len(self.bins)), 2)
        if y == height - 1:
            # Each label stands under its own bar, so the blanks between them must stay as they are.
            text, style = label_line([label for label, _ in self.bins], cell), "histogram--label"
        else:
            text, style = histogram([count for _, count in self.bins], height - 1, cell)[y], "histogram--bar"
        return Strip([Segment(text[:width].ljust(width), self.get_visual_style(style).rich_style)])


def label_line(labels: Sequence[str], cell: int) -> str:
    """Labels that begin at every ``cell``-th cell; the last is whole, and others are left out where they have no room.

    Examples
    --------
    >>> label_line(["½", "1", "1½", "2"], 3), label_line(["1", "10", "100", "1000"], 3)
    ('½  1  1½ 2  ', '1  10    1000')
    """
    line = " " * (cell * (len(labels) - 1)) + labels[-1].ljust(cell)
    end = 0
    for index, label in enumerate(labels[:-1]):
        start = index * cell
        if start >= end and start + len(label) < cell * (len(labels) - 1):
            line = line[:start] + label + line[start + len(label) :]
            end = start + len(label) + 1
    return line


def bins(ratings: Sequence[float], low: float, high: float) -> tuple[tuple[str, int], ...]:
    """Labels and counts: one bin a rating where the scale has few steps, ten of equal width where it has many.

    Examples
    --------
    >>> bins([3, 3.5, 3.5], 3, 4)
    (('3', 1), ('3½', 2), ('4', 0))
    """
    step = next((step for step in (1.0, 0.5) if all((one - low) % step == 0 for one in (*ratings, high))), None)
    if step is not None and (high - low) / step < _MOST_BINS:
        marks = [low + step * index for index in range(round((high - low) / step) + 1)]
        return tuple((_label(mark), sum(one == mark for one in ratings)) for mark in marks)
    width = (high - low) / 10 or 1.0
    found = [0] * 10
    for one in ratings:
        found[min(max(int((one - low) / width), 0), 9)] += 1
    return tuple((compact(round(low + width * index, 2)), count) for index, count in enumerate(found))


def _label(rating: float) -> str:
    whole = compact(rating // 1) if rating >= 1 else ""
    return f"{whole}½" if rating % 1 == 0.5 else compact(rating)
