"""Files on disk: atomic writes, paths, settings, serialized models."""
