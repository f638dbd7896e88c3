"""How long work talks to whoever started it: progress one way, a cancel flag the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.errors import CancelledError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes
    ----------
    stage
        What is being done, for a person: ``"reading ratings.csv"``, ``"embedding"``, ``"training explicit"``.
    done, total
        Pieces done and in all; ``total`` is None while it is not known.
    unit
        What the pieces are: ``"rows"``, ``"texts"``, ``"batches"``.
    values
        Figures worth showing, such as ``{"epoch": 3, "loss": 0.81}``.
    """

    stage: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


def _ignore(_: Progress) -> None:
    return None


class Job:
    """Carries progress out of, and cancellation into, a long computation.

    The computation calls :meth:`report` as often as it likes (the receiver thins it out) and :meth:`checkpoint`
    between pieces of work. Any thread may call :meth:`cancel`.

    Parameters
    ----------
    on_progress
        Called from the computing thread with each report.
    """

    def __init__(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        self._on_progress = on_progress or _ignore
        self._cancelled = threading.Event()

    def report(self, progress: Progress) -> None:
        """Tell how far the work is."""
        self._on_progress(progress)

    def cancel(self) -> None:
        """Ask the work to stop at its next checkpoint."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for a stop."""
        return self._cancelled.is_set()

    def checkpoint(self) -> None:
        """Stop here if somebody asked for it.

        Raises
        ------
        CancelledError
            After :meth:`cancel`.
        """
        if self._cancelled.is_set():
            raise CancelledError
