"""Everything of recsys-tui that computes: data sets, models, search. Knows nothing of terminals."""
