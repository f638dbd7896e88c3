"""The rows of the Models tab: models and runs, as their tables show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tui.widgets.table import Column

if TYPE_CHECKING:
    from engine.data.model_cards import ModelCard
    from engine.session import RunRecord

#: The orders of the runs, in the order of the key that changes them.
ORDERS = ("number", "model", "figure", "seconds")
#: The metrics of which the first that a run has is its figure.
_TELLING = ("rmse", "ndcg@", "mrr")


def figure_of(run: RunRecord) -> tuple[str, float] | None:
    """The name and the value of the figure by which a run is shown; None if it has none."""
    for start in _TELLING:
        for name, value in run.metrics.items():
            if name.startswith(start):
                return name, value
    return None


def ordered(runs: Sequence[RunRecord], order: str) -> list[RunRecord]:
    """Runs in one of :data:`ORDERS`: the newest, the best or the quickest first."""
    match order:
        case "model":
            return sorted(runs, key=lambda run: (run.model, -run.id))
        case "figure":
            return sorted(runs, key=_figure_order)
        case "seconds":
            return sorted(runs, key=lambda run: run.seconds.get("total", 0.0))
    return sorted(runs, key=lambda run: -run.id)


def _figure_order(run: RunRecord) -> tuple[str, float]:
    figure = figure_of(run)
    if figure is None:
        return "~", 0.0
    name, value = figure
    return name, value if name == "rmse" else -value


def short_time(seconds: float) -> str:
    """Seconds in at most seven characters."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def size_text(size: int | None) -> str:
    """Bytes in a few characters."""
    from engine.session import describe_bytes

    return "–" if size is None else describe_bytes(size)


def model_columns(marked: Collection[str] = ()) -> tuple[Column[ModelCard], ...]:
    """The columns of the models."""
    return (
        Column("", lambda card, _: "●" if card.state.name in marked else " ", width=1, style="accent"),
        Column("Model", lambda card, _: card.state.name + (" ★" if card.state.default else "")),
        Column("For", lambda card, _: card.state.task, width=8, from_width=36, style="muted"),
        Column("State", lambda card, _: _state(card), width=9),
        Column("Memory", lambda card, _: size_text(card.memory), width=7, right=True, from_width=46, style="muted"),
        Column(
            "Time",
            lambda card, _: "–" if card.seconds is None else short_time(card.seconds),
            width=7,
            right=True,
            from_width=56,
            style="muted",
        ),
    )


def _state(card: ModelCard) -> str:
    state, kept = card.state, card.unfinished
    if kept is not None and not kept.damage:
        return f"at {kept.epoch}/{kept.until}"
    return "damaged" if state.damage else "trained" if state.trained else "cannot" if state.obstacle else "–"


def run_columns(marked: Collection[int], current: Collection[int]) -> tuple[Column[RunRecord], ...]:
    """The columns of the runs."""

    def figure(run: RunRecord, _: int) -> str:
        found = figure_of(run)
        if found is not None:
            return f"{found[0]} {found[1]:.4f}"
        return f"loss {run.losses[-1]:.4g}" if run.losses else "–"

    def state(run: RunRecord, _: int) -> str:
        return run.state if run.id in current else "old data"

    return (
        Column("", lambda run, _: "●" if run.id in marked else " ", width=1, style="accent"),
        Column("#", lambda run, _: str(run.id), width=4, right=True, style="muted"),
        Column("Kind", lambda run, _: run.kind, width=8, from_width=52),
        Column("Model", lambda run, _: run.model),
        Column("Protocol", lambda run, _: run.protocol or "", width=13, from_width=110, style="muted"),
        Column("Started", lambda run, _: run.started[:16].replace("T", " "), width=16, from_width=96, style="muted"),
        Column("State", state, width=8, from_width=44, style="muted"),
        Column("Figure", figure, width=14, right=True),
        Column(
            "Time",
            lambda run, _: short_time(run.seconds.get("total", 0.0)),
            width=7,
            right=True,
            from_width=70,
            style="muted",
        ),
        Column("Note", lambda run, _: run.note, from_width=78, style="muted"),
    )
