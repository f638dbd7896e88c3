"""Charts in braille: points and curves over each other, with the ends of both axes as labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from textual.content import Content

from tui.widgets.braille import DOTS_ACROSS, DOTS_DOWN, braille
from tui.widgets.cell_text import fit

#: Cells of the labels left of a chart.
LABELS = 8
#: The styles of series without one, in this order and again from the first.
STYLES = ("$text-accent", "$text-primary", "$text-warning", "$text-success", "$text-error", "$text-secondary")
_BLANK = 0x2800


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind.

    Attributes
    ----------
    x, y
        Where they are; points of which one is not finite are left out.
    style
        Their style, such as ``"$text-accent"``.
    connected
        Whether lines lead from each point to the next.
    """

    x: Sequence[float]
    y: Sequence[float]
    style: str = STYLES[0]
    connected: bool = False


def chart(series: Sequence[Series], width: int, height: int, *, log: bool = False, shown: str = "{:.4g}") -> Content:
    """Draw series on common axes; where they meet, the last one is on top.

    Parameters
    ----------
    series
        What is drawn.
    width, height
        Of the whole in cells, with the labels: the values of the top and the bottom line at the left, and those of the
        left and the right column in a last line.
    log
        Whether the horizontal axis is logarithmic.
    shown
        The format of the labels.
    """
    width, height = max(width - LABELS - 1, 4), max(height - 1, 1)
    placed = [_finite(one, log) for one in series]
    ends = [_ends([points[axis] for points in placed]) for axis in (0, 1)]
    characters = np.full((height, width), _BLANK, dtype=np.uint32)
    owners = np.full((height, width), -1)
    for number, (one, points) in enumerate(zip(series, placed, strict=True)):
        if not points.shape[1]:
            continue
        cells = _cells(points, ends, width, height, connected=one.connected)
        drawn, counts, _ = braille(cells, width, height)
        characters[counts > 0] |= drawn[counts > 0]
        owners[counts > 0] = number
    lines = []
    (left, right), (low, high) = ends
    for row in range(height):
        label = shown.format(high) if row == 0 else shown.format(low) if row == height - 1 else ""
        lines.append(
            Content.assemble(fit(label, LABELS, right=True) + " ", *_runs(characters[row], owners[row], series))
        )
    first, last = (shown.format(math.exp(end) if log else end) for end in (left, right))
    gap = " " * max(width - cell_len(first) - cell_len(last), 1)
    lines.append(Content(" " * (LABELS + 1) + first + gap + last))
    return Content("\n").join(lines)


def _finite(series: Series, log: bool) -> npt.NDArray[np.float64]:
    points = np.array([series.x, series.y], dtype=np.float64).reshape(2, -1)
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            points[0] = np.log(points[0])
    return points[:, np.isfinite(points).all(axis=0)]


def _ends(values: Sequence[npt.NDArray[np.float64]]) -> tuple[float, float]:
    """The least and the greatest of all values; equal ones are set apart, so that there is a scale."""
    found = np.concatenate([*values, np.zeros(0)])
    if not len(found):
        return 0.0, 1.0
    low, high = float(found.min()), float(found.max())
    apart = max(0.5, abs(low) * 1e-6)
    return (low, high) if high - low > abs(low) * 1e-12 else (low - apart, high + apart)


def _cells(
    points: npt.NDArray[np.float64],
    ends: Sequence[tuple[float, float]],
    width: int,
    height: int,
    *,
    connected: bool,
) -> npt.NDArray[np.float32]:
    """Where points are in cells from the top left, with those of the lines between them."""
    dots = (width * DOTS_ACROSS - 1, height * DOTS_DOWN - 1)
    across, down = ((points[axis] - ends[axis][0]) / (ends[axis][1] - ends[axis][0]) * dots[axis] for axis in (0, 1))
    down = dots[1] - down
    if connected and len(across) > 1:
        steps = np.maximum(np.abs(np.diff(across)), np.abs(np.diff(down)))
        at = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-9))])
        between = np.linspace(0.0, at[-1], int(min(at[-1], 20_000)) * 2 + 2)
        across, down = np.interp(between, at, across), np.interp(between, at, down)
    return np.stack([(np.rint(across) + 0.5) / DOTS_ACROSS, (np.rint(down) + 0.5) / DOTS_DOWN]).astype(np.float32)


def _runs(
    characters: npt.NDArray[np.uint32], owners: npt.NDArray[np.int64], series: Sequence[Series]
) -> list[tuple[str, str]]:
    """The characters of a line, in pieces of one style."""
    pieces: list[tuple[str, str]] = []
    for character, owner in zip(characters.tolist(), owners.tolist(), strict=True):
        text = " " if owner < 0 else chr(character)
        style = "" if owner < 0 else series[owner].style
        if pieces and pieces[-1][1] == style:
            pieces[-1] = pieces[-1][0] + text, style
        else:
            pieces.append((text, style))
    return pieces
