"""Exports: ranked lists, vectors and reports of a data set's models, written to a file for other programs."""
