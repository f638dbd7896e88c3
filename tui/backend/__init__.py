"""The one door to the engine: worker threads on one side, messages to the screen on the other."""
