"""Everything of recsys-tui that a person types or sees: the command line and the app."""
