"""Matrix factorisation models, including the models of Spotlight."""
