"""The settings of the app, which stand in the same file as those of the engine."""
