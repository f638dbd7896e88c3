"""Measurement of how long other threads wait for the interpreter lock."""

from __future__ import annotations

import threading
import time

TICK = 0.005


class Lag:
    """A context manager whose thread wakes every five milliseconds and records its delays.

    Attributes
    ----------
    late
        The delay of each wake-up in seconds.
    worst
        The longest delay in seconds.
    """

    def __enter__(self) -> Lag:
        self.late = [0.0]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def worst(self) -> float:
        return max(self.late)

    def _tick(self) -> None:
        while not self._over.is_set():
            begun = time.perf_counter()
            time.sleep(TICK)
            self.late.append(time.perf_counter() - begun - TICK)
