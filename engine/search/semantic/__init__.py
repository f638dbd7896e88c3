"""Semantic search: stored vectors of items and nearest-neighbour search over them."""
