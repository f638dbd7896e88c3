"""The garbage collector rests until the first paint, which comes a tenth sooner without it, and is rare afterwards."""

from __future__ import annotations

import gc

#: The number of new objects after which the youngest are looked through, and how often that happens before older ones
#: are. A frame makes thousands of objects; with Python's 700, all that is alive was looked through every few frames,
#: which kept the next frame waiting for up to a tenth of a second.
_THRESHOLDS = 5_000, 40, 20


def rest() -> None:
    """Collect nothing until :func:`go_on`."""
    gc.disable()


def go_on() -> None:
    """Collect again. What there is now lives as long as the app, and is not looked through at each collection."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
