"""Sequence models, including the model of Spotlight."""
