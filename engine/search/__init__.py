"""Search over a catalogue: by keyword, by embeddings, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.search.hybrid import SearchIndex

__all__ = ["SearchIndex"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # Importing the package costs nothing; the index brings NumPy, and torch only when it encodes.
        if name == "SearchIndex":
            from engine.search.hybrid import SearchIndex

            return SearchIndex
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
