"""What it costs to embed a catalogue, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.session import describe_bytes
from tui.widgets.cell_text import count, duration

if TYPE_CHECKING:
    from engine.data.results import EmbeddingCost


def model_text(cost: EmbeddingCost) -> str:
    """A model and its size: ``all-MiniLM-L6-v2 (English, 92 MB, 22.7 million parameters, 384 dimensions)``."""
    facts = ["multilingual" if cost.multilingual else "English", describe_bytes(cost.model_size)]
    if cost.parameters is not None:
        facts.append(_parameters(cost.parameters))
    if cost.dim is not None:
        facts.append(f"{cost.dim:,} dimensions")
    return f"{cost.model} ({', '.join(facts)})"


def cost_text(cost: EmbeddingCost) -> str:
    """The texts, the estimated time and the room on disk: ``12,017 texts, about 50 s on this processor, 18 MB``."""
    parts = [count(cost.texts, "text")]
    if cost.seconds is not None:
        parts.append(f"about {_about(cost.seconds)} on this processor")
    if cost.size is not None:
        parts.append(f"{describe_bytes(cost.size)} on disk" if cost.size >= 1e6 else "less than 1 MB on disk")
    return ", ".join(parts)


def _parameters(number: int) -> str:
    if number >= 1e9:
        return f"{number / 1e9:.1f} billion parameters"
    return f"{number / 1e6:.1f} million parameters" if number >= 1e5 else count(number, "parameter")


def _about(seconds: float) -> str:
    """An estimate without digits that it does not deserve: whole seconds, tens of seconds, or minutes."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    step = 10 if seconds < 100 else 60
    return duration(round(seconds / step) * step)
