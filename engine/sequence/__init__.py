"""Sequence models, under the names of Spotlight."""
