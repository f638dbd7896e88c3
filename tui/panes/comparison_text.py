"""A comparison of models in characters: figures, tests, accuracy against coverage, and lists side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len

from tui.comparison_words import p_value, right_more_often
from tui.sanitize import sanitize
from tui.widgets.cell_text import clean, fit

if TYPE_CHECKING:
    from engine.data.comparison import ComparedModel, Comparison, HeadToHead, ListedItem, SideBySide
    from engine.session import Item

Value = TypeVar("Value")

_MARKS = {"best": "*", "tied": "=", "": " "}
_NAME, _FIGURE, _GAP = 18, 12, 2
#: The least width of a list beside others.
_LIST = 20
_CHART_WIDTH, _CHART_HEIGHT = 48, 8
#: So many models are told apart by letters in the chart.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def figure_lines(comparison: Comparison, width: int) -> list[str]:
    """A line for each metric, with the models beside each other; further models below, if there is no room."""
    metrics = list(dict.fromkeys(name for model in comparison.models for name in model.run.metrics))
    lines: list[str] = []
    for models in _beside(comparison.models, (width - _NAME + _GAP) // (_FIGURE + _GAP)):
        gap = " " * _GAP
        lines += ["", " " * _NAME + gap.join(fit(model.label, _FIGURE - 1, right=True) + " " for model in models)]
        lines += [
            name.ljust(_NAME) + gap.join(_figure(model, name).rjust(_FIGURE) for model in models) for name in metrics
        ]
    return [sanitize(line) for line in lines[1:]]


def _beside(values: Sequence[Value], most: int) -> list[Sequence[Value]]:
    """Parts of about equal size, of which each stands beside each other in a row."""
    rows = max(1, -(-len(values) // max(1, most)))
    size = -(-len(values) // rows)
    return [values[start : start + size] for start in range(0, len(values), size)]


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
            f"p {p_value(test.p_bootstrap_corrected)}  {test.verdict}"
        )
        lines.append(
            f"    better for {test.users_better:,} users, worse for {test.users_worse:,}, equal for "
            f"{test.users_equal:,} (sign test p {p_value(test.p_sign_corrected)})"
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


def chart_lines(comparison: Comparison, width: int) -> list[str]:
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
    named = [f"{letter} {clean(label)}" for letter, (label, *_) in zip(_LETTERS, points, strict=False)]
    return [sanitize(line) for line in [*lines, *_filled(named, width)]]


def _filled(words: Sequence[str], width: int) -> list[str]:
    """Words that stand beside each other in lines, of which none is wider than this if its words are not."""
    lines = [""]
    for word in words:
        longer = f"{lines[-1]}  {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _place(value: float, values: Sequence[float], cells: int) -> int:
    low, high = min(values), max(values)
    return round((value - low) / ((high - low) or 1.0) * (cells - 1))


def list_lines(lists: SideBySide, width: int) -> list[str]:
    """The lists for one user beside each other, or below if there is no room.

    ✓ marks what was held out, = what another list has too.
    """
    lines: list[str] = []
    for labels in _beside(list(lists.lists), (width - 4) // (_LIST + 1)):
        room = max(12, (width - 4) // len(labels) - 1)
        longest = max(len(lists.lists[label]) for label in labels)
        lines += ["", "    " + " ".join(fit(_head(label, lists), room) for label in labels)]
        lines += [
            f"{rank + 1:>3} " + " ".join(_item(lists.lists[label], rank, room) for label in labels)
            for rank in range(longest)
        ]
    if lists.held_out:
        lines.append("Held out: " + ", ".join(clean(item.title) for item in lists.held_out))
    return [sanitize(line) for line in lines[1:]]


def items_of(lists: SideBySide) -> list[Item]:
    """The items of the lists, those first that stand first, and then what was held out; each once."""
    listed = sorted((one for row in lists.lists.values() for one in row), key=lambda one: one.rank)
    items = [*(one.item for one in listed), *lists.held_out]
    return list({item.internal_id: item for item in items}.values())


def places_of(lists: SideBySide) -> dict[int, str]:
    """Where each item of :func:`items_of` stands, in words: "1 of als, 3 of ease, held out"."""
    places: dict[int, list[str]] = {item.internal_id: [] for item in items_of(lists)}
    for label, row in lists.lists.items():
        for one in row:
            places[one.item.internal_id].append(f"{one.rank} of {label}")
    for item in lists.held_out:
        places[item.internal_id].append("held out")
    return {item: ", ".join(words) for item, words in places.items()}


def _head(label: str, lists: SideBySide) -> str:
    """A model, and how much it found of what was held out; after a sequence of no user nothing is."""
    return label if lists.user is None else f"{label}: {sum(one.held_out for one in lists.lists[label])} found"


def _item(row: Sequence[ListedItem], rank: int, room: int) -> str:
    if rank >= len(row):
        return " " * room
    one = row[rank]
    marks = f"{'✓' if one.held_out else ' '}{'=' if one.shared else ' '} "
    return marks + fit(one.item.title, room - len(marks))
