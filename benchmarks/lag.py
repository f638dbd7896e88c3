"""How long others are kept from the interpreter: a thread that asks for it every five milliseconds."""

from __future__ import annotations

import threading
import time

TICK = 0.005


class Lag:
    """Measures between entering and leaving a ``with`` block; afterwards ``worst`` holds seconds."""

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
