"""The one door to the engine: worker threads on this side, messages to the screen on the other."""

from tui.backend.backend import Backend

__all__ = ["Backend"]
