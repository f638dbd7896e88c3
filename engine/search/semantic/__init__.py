"""Search by meaning: vectors of items on disk and in memory, and the nearest ones to a query."""
