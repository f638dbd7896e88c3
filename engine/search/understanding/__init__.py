"""Conditions in words: what a query asks for besides the words to search for."""

from engine.search.understanding.reader import QueryReader, read
from engine.search.understanding.reading import Condition, Exclusion, Moved, Ordering, Reading

__all__ = ["Condition", "Exclusion", "Moved", "Ordering", "QueryReader", "Reading", "read"]
