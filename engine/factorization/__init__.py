"""Matrix factorisation models, under the names of Spotlight."""
