"""How fast the screen reacts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """How fast the screen reacts; the settings change it, and tests and snapshots make it steady.

    Attributes
    ----------
    settle
        Seconds that typing or moving must rest before the engine is asked.
    glance
        Seconds that the cursor must rest before details follow it.
    patience
        Seconds of waiting before a spinner shows.
    frame
        Seconds a frame of the spinner; 0 keeps it still.
    progress
        The least seconds between two drawings of how far a job is.
    hold
        For so many seconds letters are kept back for a list that is about to come; then they are text of the line.
    """

    settle: float = 0.15
    glance: float = 0.05
    patience: float = 0.15
    frame: float = 0.1
    progress: float = 0.1
    hold: float = 0.5
