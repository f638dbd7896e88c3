"""Files on disk: atomic writes, paths, settings, serialised models."""
