"""A comparison of models in characters: figures, tests, accuracy against coverage, and lists side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.comparison_words import right_more_often
from tui.sanitize import sanitize
from tui.widgets.cell_text import clean, fit

if TYPE_CHECKING:
    from engine.data.comparison import ComparedModel, Comparison, HeadToHead, ListedItem, SideBySide

_MARKS = {"best": "*", "tied": "=", "": " "}
_NAME, _FIGURE = 18, 12
_CHART_WIDTH, _CHART_HEIGHT = 48, 8
#: So many models are told apart by letters in the chart.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def figure_lines(comparison: Comparison) -> list[str]:
    """A line for each metric, with the models beside each other."""
    models = comparison.models
    metrics = dict.fromkeys(name for model in models for name in model.run.metrics)
    heads = [fit(model.label, _FIGURE - 1, right=True) + " " for model in models]
    lines = [" " * _NAME + "  ".join(heads)]
    for name in metrics:
        cells = [_figure(model, name).rjust(_FIGURE) for model in models]
        lines.append(name.ljust(_NAME) + "  ".join(cells))
    return [sanitize(line) for line in lines]


def _figure(model: ComparedModel, metric: str) -> str:
    value = model.run.metrics.get(metric)
    return "– " if value is None else f"{value:.4f}{_MARKS[model.standing.get(metric, '')]}"


def test_lines(comparison: Comparison) -> list[str]:
    """A line for each pair of models: by how much they differ, how sure that is, and for how many users."""
    lines = []
    for test in comparison.tests[comparison.metric]:
        low, high = test.interval
        lines.append(
            f"{fit(test.first, 14)} – {fit(test.second, 14)} {test.difference:+.4f} ({low:+.4f} to {high:+.4f})  "
            f"p {test.p_bootstrap_corrected:.3f}  {test.verdict}"
        )
        lines.append(
            f"    better for {test.users_better:,} users, worse for {test.users_worse:,}, equal for "
            f"{test.users_equal:,} (sign test p {test.p_sign_corrected:.3f})"
        )
    return [sanitize(line) for line in lines]


def duel_counts(duel: HeadToHead) -> str:
    """For how many users each of two models finds more of what was held out."""
    found = duel.outcome
    return clean(
        f"{duel.first} finds more for {found.first_more:,} users, {duel.second} for {found.second_more:,}; both "
        f"equally many for {found.both:,}, neither any for {found.neither:,}"
    )


def duel_lines(duels: Sequence[HeadToHead]) -> list[str]:
    """Two lines for each pair of models: which is right more often, and for how many users."""
    if not duels:
        return []
    lines = [f"Held-out items in the first {duels[0].k}, user by user:"]
    for duel in duels:
        lines += [clean(right_more_often(duel)), *(["    " + duel_counts(duel)] if duel.num_users else [])]
    return lines


def chart_lines(comparison: Comparison) -> list[str]:
    """The models by accuracy (upwards) and coverage (to the right), as letters in a frame."""
    k = comparison.models[0].run.settings.get("k", 10)
    points = [
        (model.label, model.run.metrics[f"coverage@{k}"], model.run.metrics[comparison.metric])
        for model in comparison.models
        if f"coverage@{k}" in model.run.metrics and comparison.metric in model.run.metrics
    ]
    if len(points) < 2:
        return []
    across, up = [one[1] for one in points], [one[2] for one in points]
    grid = [[" "] * _CHART_WIDTH for _ in range(_CHART_HEIGHT)]
    for letter, (_, x, y) in zip(_LETTERS, points, strict=False):
        column = _place(x, across, _CHART_WIDTH)
        row = _CHART_HEIGHT - 1 - _place(y, up, _CHART_HEIGHT)
        while grid[row][column] != " " and column + 1 < _CHART_WIDTH:  # two models in one place stand side by side
            column += 1
        grid[row][column] = letter
    lines = [f"{comparison.metric} {max(up):.4f}"]
    lines += ["│" + "".join(row) for row in grid]
    lines.append("└" + "─" * _CHART_WIDTH)
    lines.append(f" coverage {min(across):.3f}".ljust(_CHART_WIDTH - 5) + f"{max(across):.3f}")
    lines.append("  ".join(f"{letter} {label}" for letter, (label, *_) in zip(_LETTERS, points, strict=False)))
    return [sanitize(line) for line in lines]


def _place(value: float, values: Sequence[float], cells: int) -> int:
    low, high = min(values), max(values)
    return round((value - low) / ((high - low) or 1.0) * (cells - 1))


def list_lines(lists: SideBySide, width: int) -> list[str]:
    """The lists for one user beside each other; ✓ marks what was held out, = what another list has too."""
    labels = list(lists.lists)
    room = max(12, (width - 4) // len(labels) - 1)
    longest = max(len(row) for row in lists.lists.values())
    lines = ["    " + " ".join(fit(_hits(label, lists.lists[label]), room) for label in labels)]
    lines += [
        f"{rank + 1:>3} " + " ".join(_item(lists.lists[label], rank, room) for label in labels)
        for rank in range(longest)
    ]
    if lists.held_out:
        lines.append("Held out: " + ", ".join(clean(item.title) for item in lists.held_out))
    return [sanitize(line) for line in lines]


def _hits(label: str, row: Sequence[ListedItem]) -> str:
    return f"{label}: {sum(one.held_out for one in row)} found"


def _item(row: Sequence[ListedItem], rank: int, room: int) -> str:
    if rank >= len(row):
        return " " * room
    one = row[rank]
    marks = f"{'✓' if one.held_out else ' '}{'=' if one.shared else ' '} "
    return marks + fit(one.item.title, room - len(marks))
