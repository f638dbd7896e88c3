"""The computing part of recsys-tui: data sets, models and search, without any terminal."""
