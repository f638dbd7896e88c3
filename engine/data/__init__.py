"""Data sets in memory: the catalogue, the ids, item features and result records."""
