"""What a query says besides the words to search for: its conditions, its moods, and its language."""

from engine.search.understanding.reader import QueryReader, read
from engine.search.understanding.reading import Condition, Exclusion, Moved, Ordering, Reading

__all__ = ["Condition", "Exclusion", "Moved", "Ordering", "QueryReader", "Reading", "read"]
