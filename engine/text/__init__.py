"""Text normalisation and title matching."""
