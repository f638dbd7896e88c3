"""Keyword search: BM25 over an inverted index, with spelling correction."""
